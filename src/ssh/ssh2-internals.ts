/// <reference path="./ssh2-modules.d.ts" />
import type { Client } from 'ssh2';
import ssh2Utils from 'ssh2/lib/protocol/utils.js';
import ssh2Package from 'ssh2/package.json' with { type: 'json' };
import { SallyportError } from '../shared/errors/result.ts';

/**
 * What Sallyport takes from inside ssh2 (docs/decisions/0010-ssh2-internals.md, 0011-handover.md). ssh2 has no login by OpenSSH certificate, hides the
 * key exchange and cannot take over a connection; all are reached here, for exactly one version, and contract tests run them against real servers.
 */
export const supportedSsh2 = '1.17.0';

/** SSH_OPEN_ADMINISTRATIVELY_PROHIBITED (RFC 4254 section 5.1). */
const administrativelyProhibited = 1;

export interface KeyExchange {
  sessionID: Buffer | undefined;
  /** The names that both sides' lists made. */
  negotiated: { kex: string; serverHostKey: string; cs: { cipher: string }; sc: { cipher: string } };
  /** Both payloads and identifications, and what the host sent, until the exchange is over. */
  _kexinit: Buffer | undefined;
  _remoteKexinit: Buffer | undefined;
  _identRaw: Buffer | undefined;
  _remoteIdentRaw: Buffer | undefined;
  _hostKey: Buffer | undefined;
  _sig: Buffer | undefined;
  /** Our share, and the other side's, as they go into H. */
  getPublicKey(): unknown;
  convertPublicKey(share: unknown): unknown;
  computeSecret(data: unknown): unknown;
}

/** The lists of a KEXINIT that is to be sent. */
interface Offer {
  lists: Record<'kex' | 'serverHostKey', Names> & Record<'cs' | 'sc', Record<(typeof perDirection)[number], Names>>;
}
interface Names {
  array: string[];
}
type NewOffer = new (
  lists: Record<'kex' | 'serverHostKey', string[]> &
    Record<'cs' | 'sc', Record<(typeof perDirection)[number], string[]>>,
) => Offer;
const perDirection = ['cipher', 'mac', 'compress', 'lang'] as const;

export type Handler = (protocol: unknown, ...details: unknown[]) => void;

/** The part of ssh2's Protocol that is touched. */
export interface Protocol {
  _kex: KeyExchange | undefined;
  /** Set while a key exchange runs. */
  _kexinit: Buffer | undefined;
  _offer: Offer;
  /** Whether strict key exchange was agreed on; undefined before. */
  _strictMode: boolean | undefined;
  /** The names of the login methods that wait for an answer: they say how message 60 is read. */
  _authsQueue: string[];
  _authenticated: boolean;
  _handlers: Record<string, Handler | undefined>;
  _packetRW: { write: { allocStart: number; alloc(size: number): Buffer; finalize(packet: Buffer): Buffer } };
  /** Sends the identification; undefined once it did. */
  start: (() => void) | undefined;
  /** Begins a key exchange, unless one runs. */
  rekey(): void;
  service(name: string): void;
  ping(): void;
  requestFailure(): void;
  authNone(user: string): void;
  authPK(...args: unknown[]): void;
  channelOpenFail(channel: number, reason: number, description: string): void;
}

/** What a key exchange proved: `sessionId` is the hash H of the first, `hostSignature` the host key's signature blob over H (RFC 4253 section 8). */
export interface ExchangeProof {
  sessionId: Buffer;
  hostKey: Buffer;
  hostSignature: Buffer;
}

/** Refuses to run with any other ssh2 than the one whose inside was read and tested. Throws SP-9001. */
export function assertSupportedSsh2(version: string = ssh2Package.version): void {
  if (version === supportedSsh2) return;
  throw new SallyportError(
    'SP-9001',
    `This build holds ssh2 ${version}, but logging in was tested with ${supportedSsh2} only. No connection was made. Reinstall Sallyport.`,
  );
}

/** Throws SP-9001 when a piece that is used is not there. */
export function assertProtocol(protocol: Protocol | undefined): Protocol {
  const known =
    protocol !== undefined &&
    typeof protocol.service === 'function' &&
    typeof protocol.ping === 'function' &&
    typeof protocol.authNone === 'function' &&
    typeof protocol.authPK === 'function' &&
    typeof protocol.requestFailure === 'function' &&
    typeof protocol.channelOpenFail === 'function' &&
    typeof protocol.rekey === 'function' &&
    '_strictMode' in protocol &&
    isOffer(protocol._offer) &&
    typeof protocol._packetRW?.write?.alloc === 'function' &&
    typeof protocol._handlers === 'object' &&
    Array.isArray(protocol._authsQueue) &&
    typeof ssh2Utils.sendPacket === 'function';
  if (!known)
    throw new SallyportError(
      'SP-9001',
      'The SSH library is not built as this version of Sallyport expects. No connection was made. Reinstall Sallyport.',
    );
  return protocol;
}

function isOffer(offer: Offer | undefined): boolean {
  const lists = offer?.lists;
  if (lists === undefined) return false;
  const directions = [lists.cs, lists.sc];
  const all = [
    lists.kex,
    lists.serverHostKey,
    ...directions.flatMap((each) => perDirection.map((kind) => each?.[kind])),
  ];
  return all.every((names) => Array.isArray(names?.array));
}

/** The same lists with one more key exchange name, the last. */
export function offerWith(offer: Offer, name: string): Offer {
  const { kex, serverHostKey, cs, sc } = offer.lists;
  const NewOffer = offer.constructor as NewOffer;
  const namesOf = (lists: Record<(typeof perDirection)[number], Names>) => ({
    cipher: lists.cipher.array,
    mac: lists.mac.array,
    compress: lists.compress.array,
    lang: lists.lang.array,
  });
  return new NewOffer({
    kex: [...kex.array, name],
    serverHostKey: serverHostKey.array,
    cs: namesOf(cs),
    sc: namesOf(sc),
  });
}

/** The inside of a client that was told to connect. Throws SP-9001. */
export function protocolOf(client: Client): Protocol {
  return assertProtocol((client as unknown as { _protocol?: Protocol })._protocol);
}

const watchers = new WeakMap<Protocol, ((exchange: KeyExchange) => void)[]>();

/** Calls `seen` with each key exchange as it begins, before anything is computed. Several may watch. */
export function watchExchanges(protocol: Protocol, seen: (exchange: KeyExchange) => void): void {
  const others = watchers.get(protocol);
  if (others !== undefined) {
    others.push(seen);
    return;
  }
  const all = [seen];
  watchers.set(protocol, all);
  let current = protocol._kex;
  Object.defineProperty(protocol, '_kex', {
    configurable: true,
    get: () => current,
    set(next: KeyExchange | undefined) {
      current = next;
      if (next === undefined) return;
      for (const each of all) each(next);
    },
  });
}

/**
 * Keeps host key and signature of the first exchange: ssh2 drops them as soon as it has checked the signature. The answer is null until that
 * exchange is complete, and then means that the signature was verified.
 */
export function keepFirstExchange(protocol: Protocol): () => ExchangeProof | null {
  let hostKey: Buffer | undefined;
  let hostSignature: Buffer | undefined;
  watchExchanges(protocol, (exchange) => {
    if (hostKey !== undefined) return;
    const computeSecret = exchange.computeSecret;
    exchange.computeSecret = (data) => {
      if (hostKey === undefined && exchange._hostKey !== undefined && exchange._sig !== undefined) {
        hostKey = Buffer.from(exchange._hostKey);
        hostSignature = Buffer.from(exchange._sig);
      }
      return computeSecret.call(exchange, data);
    };
  });
  return () => {
    const sessionId = protocol._kex?.sessionID;
    return sessionId === undefined || hostKey === undefined || hostSignature === undefined
      ? null
      : { sessionId, hostKey, hostSignature };
  };
}

/** Encrypts and sends one payload, or queues it while a key exchange runs. */
export function sendPayload(protocol: Protocol, payload: Uint8Array): void {
  const writer = protocol._packetRW.write;
  const packet = writer.alloc(payload.length);
  // While a key exchange runs ssh2 hands out a buffer of exactly the payload's length and makes the packet later.
  const start = packet.length === payload.length ? 0 : writer.allocStart;
  packet.set(payload, start);
  const sent = ssh2Utils.sendPacket(protocol, writer.finalize(packet));
  // ssh2's JavaScript cipher leaves the plain text behind (its native one encrypts in place). It has written the first four bytes as they are,
  // and only those are still under way.
  if (sent && packet.subarray(start, start + payload.length).equals(payload)) packet.fill(0, 4);
}

/**
 * Lets a target say SSH_MSG_IGNORE, DEBUG and UNIMPLEMENTED in the middle of a re-exchange, as RFC 4253 section 7.1 allows. ssh2 takes strict key exchange (OpenSSH PROTOCOL,
 * 1.10) to forbid that in every exchange, but it does so in the first only; OpenSSH sends IGNORE whenever somebody types without echo, so a password typed
 * during an anchor would end the session. What else strict mode does, numbering packets anew, AES-GCM does not look at.
 */
export function takeIgnoredInReexchanges(client: Client): void {
  const protocol = protocolOf(client);
  client.once('handshake', () => {
    protocol._strictMode = false;
  });
}

/** Refuses every channel that the server tries to open (forwarded ports, X11, agent) and reports its type. */
export function refuseServerChannels(client: Client, refused: (type: string) => void): void {
  const protocol = protocolOf(client);
  protocol._handlers.CHANNEL_OPEN = (_protocol, info) => {
    const { sender, type } = info as { sender?: unknown; type?: unknown };
    if (typeof sender === 'number') protocol.channelOpenFail(sender, administrativelyProhibited, 'not allowed');
    refused(typeof type === 'string' ? type : 'unknown');
  };
}
