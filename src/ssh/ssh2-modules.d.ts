// Files inside ssh2 that its own types do not describe. Only ssh2-internals.ts and broker-protocol.ts may import them.
declare module 'ssh2/lib/protocol/utils.js' {
  /** Encrypts and writes a packet, or queues it while a key exchange runs. */
  export function sendPacket(protocol: unknown, packet: Uint8Array): boolean;
}

declare module 'ssh2/lib/protocol/Protocol.js' {
  /** One side of an SSH connection without its socket. Typed in src/control/broker/handover/broker-protocol.ts. */
  const Protocol: new (config: object) => unknown;
  export = Protocol;
}
