import type { Client } from 'ssh2';
import { SallyportError } from '../shared/errors/result.ts';
import { type KeyExchange, offerWith, protocolOf, watchExchanges } from './ssh2-internals.ts';

/** A key exchange that is over: all that goes into H (RFC 4253 section 8), the host key's signature over it, and the secret. */
export interface KeptExchange<Carried> {
  /** What its KEXINIT carried. */
  carried: Carried;
  startedBy: 'launcher' | 'target';
  kex: string;
  hostKeyAlgorithm: string;
  cipher: { toTarget: string; fromTarget: string };
  /** H of the connection's first exchange. */
  sshSessionId: Buffer;
  clientVersion: Buffer;
  serverVersion: Buffer;
  clientKexInit: Buffer;
  serverKexInit: Buffer;
  hostKey: Buffer;
  clientShare: Buffer;
  serverShare: Buffer;
  signature: Buffer;
  /** The bytes of K's mpint. Whoever gets it wipes it. */
  secret: Buffer;
}

export interface KeptExchanges {
  /** Begins an exchange. Does nothing while one runs that carries something; after one that carries nothing, another begins. */
  start(): void;
}

/**
 * Makes every exchange of a client that begins after its login carry a name among its key exchange names, whoever begins it, and hands each over when it is
 * complete: the host key's signature was verified, both directions have their new keys. The secrets of those that began before the login was over are wiped and
 * never handed over: a password may cross under them. Call it when the client has been told to connect and nothing was sent. Throws SP-9001 when ssh2 is not as expected.
 */
export function keepExchanges<Carried extends { name: string }>(
  client: Client,
  options: {
    /** What the exchange that begins now carries. Asked anew for each. */
    carry(): Carried;
    kept(exchange: KeptExchange<Carried>): void;
  },
): KeptExchanges {
  const protocol = protocolOf(client);
  const plain = protocol._offer;
  let offer = plain;
  let carried: Carried | null = null;
  let started = false;
  /** One was asked for while one ran that carries nothing. */
  let again = false;
  let pending: { secret: Buffer; exchange: KeptExchange<Carried> | null } | null = null;

  // ssh2 reads its offer when it makes a KEXINIT, its own or the answer to the target's, and again to compare the lists.
  Object.defineProperty(protocol, '_offer', {
    configurable: true,
    get() {
      // A target may begin an exchange in the middle of the login, before it asks for the password.
      if (!protocol._authenticated || protocol._kexinit !== undefined) return offer;
      const next = options.carry();
      if (next.name !== carried?.name) offer = offerWith(plain, next.name);
      carried = next;
      return offer;
    },
  });

  watchExchanges(protocol, (exchange) => {
    const startedBy = started ? 'launcher' : 'target';
    started = false;
    const carries = carried;
    const computeSecret = exchange.computeSecret;
    exchange.computeSecret = (share) => {
      const secret = computeSecret.call(exchange, share);
      // An error is ssh2's to report.
      if (Buffer.isBuffer(secret))
        pending = {
          secret,
          exchange: carries === null ? null : { ...capture(exchange, share, secret), startedBy, carried: carries },
        };
      return secret;
    };
  });

  client.on('handshake', () => {
    const done = pending;
    pending = null;
    // ssh2 has derived its keys from it.
    done?.secret.fill(0);
    if (done?.exchange) options.kept(done.exchange);
    if (again) setImmediate(start);
    again = false;
  });
  client.on('close', () => {
    pending?.secret.fill(0);
    pending?.exchange?.secret.fill(0);
    pending = null;
  });

  function start(): void {
    if (protocol._kexinit !== undefined) {
      again ||= carried === null;
      return;
    }
    started = true;
    protocol.rekey();
  }

  return { start };
}

function capture(
  exchange: KeyExchange,
  share: unknown,
  secret: Buffer,
): Omit<KeptExchange<unknown>, 'startedBy' | 'carried'> {
  const { negotiated } = exchange;
  return {
    kex: negotiated.kex,
    hostKeyAlgorithm: negotiated.serverHostKey,
    cipher: { toTarget: negotiated.cs.cipher, fromTarget: negotiated.sc.cipher },
    sshSessionId: copied(exchange.sessionID),
    clientVersion: copied(exchange._identRaw),
    serverVersion: copied(exchange._remoteIdentRaw),
    clientKexInit: copied(exchange._kexinit),
    serverKexInit: copied(exchange._remoteKexinit),
    hostKey: copied(exchange._hostKey),
    clientShare: copied(exchange.getPublicKey()),
    serverShare: copied(exchange.convertPublicKey(share)),
    signature: copied(exchange._sig),
    secret: Buffer.from(secret),
  };
}

function copied(value: unknown): Buffer {
  if (Buffer.isBuffer(value)) return Buffer.from(value);
  throw new SallyportError(
    'SP-9001',
    'The SSH library is not built as this version of Sallyport expects: a key exchange could not be kept. The session was ended. Reinstall Sallyport.',
  );
}
