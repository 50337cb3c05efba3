/// <reference path="../../../ssh/ssh2-modules.d.ts" />
import Ssh2Protocol from 'ssh2/lib/protocol/Protocol.js';
import { blobOfLine } from '../../../recording/signatures/keys.ts';
import { cipherAlgorithms, hostKeyAlgorithms, kexAlgorithms, macAlgorithms } from '../../../ssh/algorithms.ts';
import { assertProtocol, assertSupportedSsh2, type Handler, type Protocol } from '../../../ssh/ssh2-internals.ts';

/** Errors of ssh2: `level` says in which part of the connection. */
export type Ssh2Error = Error & { level?: string };

/** ssh2's Protocol as the broker uses it: one side of a connection, bytes in and bytes out, no socket. */
export interface BrokerProtocol extends Protocol {
  _identRaw: Buffer;
  _remoteIdentRaw: Buffer | undefined;
  _cipher: object;
  _decipher: { _onPayload: (payload: Buffer) => false | undefined } | undefined;
  _parse: (chunk: Buffer, start: number, end: number) => number;
  start: () => void;
  parse(chunk: Buffer, start: number, end: number): void;
  authKeyboard(user: string): void;
  /** Frees the ciphers; throws on any further use. */
  cleanup(): void;
}

/** Opens one that trusts the expected host keys (OpenSSH lines) only. Throws SP-2032 (no usable host key) and SP-9001 (another ssh2). */
export function openBrokerProtocol(options: {
  hostKeys: readonly string[];
  write(bytes: Buffer): void;
  /** Every offered key, in every exchange; what it returns decides. */
  hostKey(key: Buffer, expected: boolean): void;
  exchanged(): void;
  failed(error: Ssh2Error): void;
  handlers: Record<string, Handler>;
}): BrokerProtocol {
  assertSupportedSsh2();
  const expected = options.hostKeys.map(blobOfLine);
  const way = () => ({ cipher: cipherAlgorithms, mac: macAlgorithms, compress: ['none'], lang: [] });
  const protocol = new Ssh2Protocol({
    ident: 'Sallyport',
    offer: { kex: kexAlgorithms, serverHostKey: hostKeyAlgorithms(options.hostKeys), cs: way(), sc: way() },
    onWrite: options.write,
    onError: options.failed,
    onHandshakeComplete: options.exchanged,
    hostVerifier: (key: Buffer) => {
      const known = expected.some((blob) => blob.equals(key));
      options.hostKey(Buffer.from(key), known);
      return known;
    },
    messageHandlers: options.handlers,
  });
  return assertProtocol(protocol as Protocol) as BrokerProtocol;
}

/**
 * From here on ssh2 only decrypts and encrypts: each payload from the target goes to `packet`, and after the one it calls the last, the bytes that
 * follow go to `rest` as they are. The keys stay those of the last exchange; `sendPayload` uses them.
 */
export function takeOver(
  protocol: BrokerProtocol,
  packet: (payload: Buffer) => 'more' | 'last',
  rest: (bytes: Buffer) => void,
): void {
  if (protocol._decipher === undefined) throw new Error('no key exchange was made');
  protocol._decipher._onPayload = (payload) => {
    if (packet(Buffer.from(payload)) === 'more') return undefined;
    protocol._parse = (chunk, start, end) => {
      if (end > start) rest(Buffer.from(chunk.subarray(start, end)));
      return end;
    };
    // ssh2's way to leave a decipher in the middle of a chunk.
    return false;
  };
}

/** Frees and overwrites what can be reached of the broker's keys; the rest is let go of. */
export function wipe(protocol: BrokerProtocol): void {
  protocol.cleanup();
  for (const holder of [protocol._cipher, protocol._decipher ?? {}])
    for (const value of Object.values(holder)) if (value instanceof Uint8Array) value.fill(0);
  protocol._kex = undefined;
}
