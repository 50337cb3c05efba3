import type { Server, Socket } from 'node:net';
import { networkOf } from './network.ts';

/** Which connections are open, and whose. */
export interface Connections {
  /** Watches a server's connections from their first byte on, TLS handshakes included. */
  watch(server: Server): void;
  /** A device proved itself on this connection: it is no stranger's any more. */
  proved(peer: { remoteAddress?: string | undefined; remotePort?: number | undefined }, deviceId: string): void;
  count(): { strangers: number; devices: number };
}

/**
 * Bounds the connections of people who have not proved who they are, per network and altogether, and those of each device. Where there are too many
 * the oldest of that group goes, never the newest: whoever fills the places from the address of an honest launcher only shortens the time in which a
 * connection has to prove itself, and cannot keep the launcher out.
 */
export function makeConnections(options: {
  strangersPerNetwork: number;
  strangers: number;
  perDevice: number;
}): Connections {
  const groups = new Map<string, Set<Socket>>();
  const groupOf = new WeakMap<Socket, string>();
  const byPeer = new Map<string, Socket>();
  let strangers = 0;

  function leave(socket: Socket): void {
    const name = groupOf.get(socket);
    if (name === undefined) return;
    groupOf.delete(socket);
    const group = groups.get(name);
    group?.delete(socket);
    if (group?.size === 0) groups.delete(name);
    if (isStrangers(name)) strangers -= 1;
  }

  function join(socket: Socket, name: string): Set<Socket> {
    const group = groups.get(name) ?? new Set();
    groups.set(name, group);
    group.add(socket);
    groupOf.set(socket, name);
    if (isStrangers(name)) strangers += 1;
    return group;
  }

  /** Ends the oldest of a group. */
  function drop(group: Set<Socket> | undefined): void {
    const [oldest] = group ?? [];
    if (oldest === undefined) return;
    leave(oldest);
    oldest.destroy();
  }

  /** Only the strangers' groups: an address cannot push a device out. */
  function largestOfStrangers(): Set<Socket> | undefined {
    let largest: Set<Socket> | undefined;
    for (const [name, group] of groups) if (isStrangers(name) && group.size > (largest?.size ?? 0)) largest = group;
    return largest;
  }

  return {
    watch(server) {
      // Before the listener that begins the handshake.
      server.prependListener('connection', (socket: Socket) => {
        const peer = peerName(socket);
        byPeer.set(peer, socket);
        socket.once('close', () => {
          if (byPeer.get(peer) === socket) byPeer.delete(peer);
          leave(socket);
        });
        const group = join(socket, `network ${networkOf(socket.remoteAddress)}`);
        if (group.size > options.strangersPerNetwork) drop(group);
        else if (strangers > options.strangers) drop(largestOfStrangers());
      });
    },
    proved(peer, deviceId) {
      const socket = byPeer.get(peerName(peer));
      const name = `device ${deviceId}`;
      if (socket === undefined || groupOf.get(socket) === name) return;
      leave(socket);
      const group = join(socket, name);
      if (group.size > options.perDevice) drop(group);
    },
    count() {
      let devices = 0;
      for (const [name, group] of groups) if (!isStrangers(name)) devices += group.size;
      return { strangers, devices };
    },
  };
}

function isStrangers(name: string): boolean {
  return name.startsWith('network ');
}

function peerName(peer: { remoteAddress?: string | undefined; remotePort?: number | undefined }): string {
  return `${peer.remoteAddress} ${peer.remotePort}`;
}
