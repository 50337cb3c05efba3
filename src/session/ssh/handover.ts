import { randomInt } from 'node:crypto';
import type { Client } from 'ssh2';
import { blobOfLine } from '../../recording/signatures/keys.ts';
import { openDocument } from '../../recording/signatures/signed.ts';
import { SallyportError } from '../../shared/errors/result.ts';
import {
  type GrantPayload,
  type HandoverPayload,
  handoverPayloadSchema,
  namespaces,
  signedSchema,
} from '../../shared/protocol/signed.ts';
import { protocolOf, watchExchanges } from '../../ssh/ssh2-internals.ts';
import type { LoginContext, LoginWay } from './login-way.ts';
import { addressOf } from './wire.ts';

/** How long the first frame may take, in milliseconds: longer than the relay waits for the target and the broker for its login together. */
const firstFrameMs = 30_000;
/** Channel numbers of this session are below its base plus this. */
const channelRange = 65_536;

/** RFC 4253 section 4.2, without CR LF: printable US-ASCII. */
const identification = /^SSH-(2\.0|1\.99)-[\x21-\x7e][\x20-\x7e]*$/;

/**
 * Takes over a connection that the broker has logged in: this process's first key exchange is a re-exchange for the target, after which nobody
 * else has the keys (protocol.md, "Passwords: login and handover"). No secret is in this process but those keys.
 */
export async function handoverWay(context: LoginContext): Promise<LoginWay> {
  const { grant, wire } = context;
  const facts = openHandover({ frame: await firstFrame(context), grant, serverKey: context.serverKey });
  // What the target said to the broker: the exchange hash covers it.
  wire.stream.unshift(Buffer.from(`${facts.serverIdent}\r\n`, 'latin1'));
  return {
    config: { ident: facts.clientIdent.slice('SSH-2.0-'.length) },
    stream: wire.stream,
    attach: (client) => takeOverConnection(client, facts, context.failed),
    refused: '',
    banner: facts.banner,
    lost: handoverFailed('the connection was lost in the middle of it', grant),
  };
}

function handoverFailed(why: string, grant: GrantPayload): SallyportError {
  return new SallyportError(
    'SP-2042',
    `The connection to ${grant.target.name} could not be handed over: ${why}. It was closed; nothing was shown or typed. Connect again; if it stays, tell your security team.`,
    { facts: { address: addressOf(grant) } },
  );
}

async function firstFrame({ wire, grant }: LoginContext): Promise<string> {
  if (wire.firstFrame === undefined)
    throw handoverFailed('only the relay can do that, and the grant does not go through it', grant);
  const ended = wire.closed.then((end) => {
    if (end.kind === 'ended')
      throw new SallyportError(
        'SP-2050',
        `${grant.target.name} closed the connection before the broker had logged in. Try again; if it stays, ask its owner.`,
        { facts: { address: addressOf(grant) } },
      );
    if (end.kind !== 'refused') throw handoverFailed('the connection to the relay was lost before', grant);
    const { code, message, facts } = end.problem;
    throw new SallyportError(code, message, facts === undefined ? {} : { facts });
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(handoverFailed('the relay did not say that it was', grant)), firstFrameMs);
  });
  try {
    const frame = await Promise.race([wire.firstFrame, ended, late]);
    if (frame === null) throw handoverFailed('the relay sent something else first', grant);
    return frame;
  } finally {
    clearTimeout(timer);
    ended.catch(() => undefined);
  }
}

/** Checks the first frame as if nobody had looked before. Throws SP-1007, SP-2031 and SP-2042. */
export function openHandover(options: { frame: string; grant: GrantPayload; serverKey: string }): HandoverPayload {
  const { frame, grant, serverKey } = options;
  const signed = signedSchema.safeParse(parse(frame));
  if (!signed.success) throw handoverFailed('the relay sent something else first', grant);
  const facts = openDocument({
    signed: signed.data,
    publicKey: serverKey,
    namespace: namespaces.handover,
    schema: handoverPayloadSchema,
  });
  if (facts.sessionId !== grant.sessionId) throw handoverFailed('what was offered is of another session', grant);
  const hostKey = Buffer.from(facts.hostKey, 'base64');
  if (!grant.hostKeys.map(blobOfLine).some((blob) => blob.equals(hostKey)))
    throw new SallyportError(
      'SP-2031',
      `The broker logged in to a machine whose host key is not the one on record for ${grant.target.name}. It was closed; nothing was shown. Tell your security team.`,
      { facts: { address: addressOf(grant) } },
    );
  const sessionId = Buffer.from(facts.sshSessionId, 'base64');
  const sound =
    sessionId.length >= 20 &&
    sessionId.length <= 64 &&
    facts.clientIdent.startsWith('SSH-2.0-') &&
    identification.test(facts.clientIdent) &&
    identification.test(facts.serverIdent);
  if (!sound) throw handoverFailed('what the broker says of it makes no sense', grant);
  return facts;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** What may come between the new keys and the answer to the first question. */
const beforeReady = new Set(['DISCONNECT', 'DEBUG', 'EXT_INFO', 'REQUEST_SUCCESS', 'REQUEST_FAILURE']);
/** What never may: the login is behind. */
const neverAgain = /^(USERAUTH|SERVICE)_/;

/**
 * Bends a client that has just been told to connect: it says no identification and no login, derives its keys for the connection's own session id, and
 * is ready when the target has answered a question under the new keys. A message that no honest target sends here ends it: whoever had the connection
 * before could have opened a channel and let it speak. Channel numbers begin at random, so that such a channel never is one of ours.
 */
export function takeOverConnection(client: Client, facts: HandoverPayload, failed: (error: unknown) => void): void {
  const protocol = protocolOf(client);
  const channels = (client as unknown as { _chanMgr: { _cur: number } })._chanMgr;
  const { _handlers: handlers } = protocol;
  const succeed = handlers.USERAUTH_SUCCESS;
  if (typeof channels?._cur !== 'number' || succeed === undefined || protocol.start === undefined)
    throw new SallyportError(
      'SP-9001',
      'The SSH library is not built as this version of Sallyport expects. No connection was made. Reinstall Sallyport.',
    );
  const base = randomInt(1, 2 ** 31 - channelRange);
  channels._cur = base - 1;
  let asked = false;
  let ready = false;

  function stray(name: string): void {
    failed(
      new SallyportError(
        'SP-2042',
        'The connection was not as it must be after a handover: something spoke on it that nobody here had asked. It was closed. Tell your security team.',
        { facts: { message: name } },
      ),
    );
  }

  // The identifications were exchanged by the broker.
  protocol.start = () => undefined;
  watchExchanges(protocol, (exchange) => {
    exchange.sessionID ??= Buffer.from(facts.sshSessionId, 'base64');
  });
  // Where ssh2 would begin to log in.
  protocol.service = () => {
    protocol._authenticated = true;
    asked = true;
    protocol.ping();
  };
  for (const [name, inner] of Object.entries(handlers)) {
    handlers[name] = (self, ...details) => {
      if (neverAgain.test(name) || !expected(name, details)) return stray(name);
      if (ready || !asked || !name.startsWith('REQUEST_')) return inner?.(self, ...details);
      ready = true;
      // ssh2 goes on as after a login of its own: keepalive, no more time limit, 'ready'.
      succeed(self);
    };
  }

  function expected(name: string, details: unknown[]): boolean {
    if (name === 'CHANNEL_OPEN') return ready;
    if (name.startsWith('CHANNEL_')) {
      const [first] = details;
      const number = typeof first === 'number' ? first : (first as { recipient?: unknown } | undefined)?.recipient;
      return ready && typeof number === 'number' && number >= base && number < base + channelRange;
    }
    return ready || beforeReady.has(name) || (name === 'GLOBAL_REQUEST' && details[0] === 'keepalive@openssh.com');
  }
}
