import type { Socket } from 'node:net';

/** Where requests come in, known once the server listens. */
export interface Origins {
  /** The https origins this server answers to; a proof for any other is for another server. */
  https(): readonly string[];
  /** True for a connection that came over the local socket. */
  isLocal(socket: Socket): boolean;
}

/** Filled by the composition root. */
export class ListeningOrigins implements Origins {
  #https: readonly string[] = [];
  readonly #local = new WeakSet<Socket>();

  /** The first is the public one. Default ports are dropped, as they are in a proof. */
  listeningOn(addresses: readonly { host: string; port: number }[]): void {
    this.#https = [...new Set(addresses.map(({ host, port }) => originOf(host, port)))];
  }

  addLocal(socket: Socket): void {
    this.#local.add(socket);
  }

  https(): readonly string[] {
    return this.#https;
  }

  isLocal(socket: Socket): boolean {
    return this.#local.has(socket);
  }
}

/** https origin of a host and port; IPv6 in brackets. */
export function originOf(host: string, port: number): string {
  return new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`).origin;
}
