// Files inside ssh2 that its own types do not describe. Only ssh2-internals.ts may import them.
declare module 'ssh2/lib/protocol/utils.js' {
  /** Encrypts and writes a packet, or queues it while a key exchange runs. */
  export function sendPacket(protocol: unknown, packet: Uint8Array): boolean;
}
