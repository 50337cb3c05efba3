import { Client, type ClientChannel, type NegotiatedAlgorithms } from 'ssh2';
import { blobOfLine, fingerprint } from '../../recording/signatures/keys.ts';
import { assertNever, SallyportError } from '../../shared/errors/result.ts';
import { cipherAlgorithms, hostKeyAlgorithms, kexAlgorithms, macAlgorithms } from '../../ssh/algorithms.ts';
import { holdToOneChannel, type Stray } from '../../ssh/one-channel.ts';
import { assertSupportedSsh2, refuseServerChannels, takeIgnoredInReexchanges } from '../../ssh/ssh2-internals.ts';
import type { Anchors } from '../anchors.ts';
import { anchorGrant, type Lost } from './anchor-grant.ts';
import { certificateWay } from './certificate-login.ts';
import { handoverWay } from './handover.ts';
import type { LoginContext, LoginWay } from './login-way.ts';
import { sealedWay } from './sealed-login.ts';
import { addressOf } from './wire.ts';

export interface SshOptions extends Omit<LoginContext, 'failed'> {
  /** Null where the grant asks for none. */
  anchors: Pick<Anchors, 'attach' | 'anchorGrant'> | null;
  terminal: { cols: number; rows: number; term: string };
  banner(text: string): void;
  channelRefused(type: string): void;
  /** The target did what no honest one does; none of it is shown. The session must end. */
  strayed(what: Stray): void;
}

export interface Shell {
  channel: ClientChannel;
  facts: { hostKey: string; cipher: string; kex: string };
  /** Says goodbye to the target; the wire closes a moment later. */
  goodbye(): void;
}

/** Milliseconds for the whole way from the open wire to a logged-in connection. */
const readyTimeoutMs = 20_000;
const keepaliveMs = 10_000;

/**
 * Logs in the way that the grant names, has the host key sign the grant, and opens a shell on a terminal. Rejects with SP-2031 (host key), SP-2032
 * (algorithms), SP-2040 and SP-2041 (login), SP-2045 (no second key exchange), SP-2050 (connection), SP-2104 (it stopped answering), SP-2051 (shell), SP-9001.
 * Nothing is sent to a target that does not hold an expected host key.
 */
export async function openShell(options: SshOptions): Promise<Shell> {
  assertSupportedSsh2();
  const client = new Client();
  const { facts, lost } = await login(client, options);
  if (options.anchors !== null) await anchorGrant({ ...options, anchors: options.anchors, lost });
  options.step('shell');
  const channel = await shell(client, options);
  return { channel, facts, goodbye: () => client.end() };
}

function wayOf(context: LoginContext): LoginWay | Promise<LoginWay> {
  const { credential } = context.grant;
  switch (credential.kind) {
    case 'certificate':
      return certificateWay(context, credential);
    case 'sealed-password':
      return sealedWay(context, credential);
    case 'handover':
      return handoverWay(context);
    default:
      return assertNever(credential);
  }
}

/** `lost` resolves with what ended the connection, if something does. */
async function login(client: Client, options: SshOptions): Promise<{ facts: Shell['facts']; lost: Promise<Lost> }> {
  const { grant, wire } = options;
  let failed: (error: unknown) => void = () => wire.destroy();
  options.step('host-key');
  const way = await wayOf({ ...options, failed: (error) => failed(error) });
  if (way.banner !== undefined && way.banner !== '') options.banner(way.banner);
  const expected = grant.hostKeys.map(blobOfLine);
  const known = expected.map(fingerprint).join(' ');
  const address = addressOf(grant);
  return new Promise((resolve, reject) => {
    let offered: string | undefined;
    let heard = false;
    let negotiated: NegotiatedAlgorithms | undefined;
    let failure: unknown;
    const lost = Promise.withResolvers<Lost>();
    const fail = (error: unknown, saidSo = false) => {
      failure ??= error;
      reject(failure);
      lost.resolve({ error: failure, saidSo });
      wire.destroy();
    };
    failed = fail;
    // A refusal by the relay breaks the stream first; its reason comes with the wire's end.
    const failAsTheWireSays = (otherwise: SallyportError, saidSo = false) => {
      wire.destroy();
      void wire.closed.then((end) => {
        if (end.kind !== 'refused') return fail(way.lost ?? otherwise, saidSo);
        const { code, message, facts } = end.problem;
        fail(new SallyportError(code, message, facts === undefined ? {} : { facts }));
      });
    };
    client.on('handshake', (algorithms) => {
      // A later key exchange comes here too.
      if (negotiated === undefined) options.step('login');
      negotiated = algorithms;
    });
    client.on('banner', options.banner);
    client.on('ready', () => {
      if (negotiated === undefined || !cipherAlgorithms.some((name) => name === negotiated?.cs.cipher))
        return fail(
          new SallyportError('SP-2032', 'The target did not use AES-GCM. The session was not opened.', {
            facts: { address },
          }),
        );
      const facts = { hostKey: offered ?? '', cipher: negotiated.cs.cipher, kex: negotiated.kex };
      resolve({ facts, lost: lost.promise });
    });
    // Also after the login: an error of a closed connection without a listener would be an uncaught exception.
    client.on('error', (error) => {
      const stalledAt = negotiated !== undefined ? 'login' : heard ? 'key exchange' : 'greeting';
      const problem = explain(error, { name: grant.target.name, address, stalledAt, refused: way.refused });
      if (failure !== undefined || problem.code !== 'SP-2050') fail(failure ?? problem);
      else failAsTheWireSays(problem, error.level !== 'client-socket');
    });
    client.on('close', () => {
      failAsTheWireSays(
        new SallyportError(
          'SP-2050',
          'The target closed the connection before the session was open. Try again; if it stays, ask its owner.',
          { facts: { address } },
        ),
      );
    });
    client.connect({
      ...way.config,
      sock: way.stream,
      username: grant.login,
      agentForward: false,
      readyTimeout: readyTimeoutMs,
      keepaliveInterval: keepaliveMs,
      keepaliveCountMax: 3,
      algorithms: {
        kex: kexAlgorithms,
        cipher: cipherAlgorithms,
        hmac: macAlgorithms,
        serverHostKey: hostKeyAlgorithms(grant.hostKeys),
        compress: ['none'],
      },
      // Asked in every key exchange, the first and all later ones.
      hostVerifier: (key: Buffer) => {
        offered = fingerprint(key);
        if (expected.some((blob) => blob.equals(key))) return true;
        failure = new SallyportError(
          'SP-2031',
          `The host key of ${grant.target.name} is not the one on record. Nothing was sent to it. Do not connect until its owner has said why the key changed.`,
          { facts: { address, known, offered } },
        );
        return false;
      },
    });
    way.stream.once('data', () => {
      heard = true;
    });
    refuseServerChannels(client, options.channelRefused);
    holdToOneChannel(client, options.strayed);
    takeIgnoredInReexchanges(client);
    options.anchors?.attach(client);
    way.attach(client);
  });
}

/** A shell, or the grant's command, on a terminal: one channel, and the same for everything behind it. */
function shell(client: Client, options: SshOptions): Promise<ClientChannel> {
  const { command } = options.grant;
  const facts = { address: addressOf(options.grant) };
  return new Promise((resolve, reject) => {
    const refused = () =>
      reject(
        new SallyportError(
          'SP-2051',
          command === null
            ? 'The target let you in but did not start a shell. Ask its owner whether this login may have one.'
            : 'The target let you in but did not run the command. Ask its owner whether this login may run it.',
          { facts },
        ),
      );
    // ssh2 reports a lost connection to the one who waits for a channel too; the wire's own end says more.
    void options.wire.closed.then(() =>
      reject(
        new SallyportError(
          'SP-2050',
          'The target closed the connection before it started a shell. Try again; if it stays, ask its owner.',
          { facts },
        ),
      ),
    );
    const timer = setTimeout(refused, readyTimeoutMs);
    try {
      const pty = { ...options.terminal, width: 0, height: 0, modes: {} };
      const opened = (error: Error | undefined, channel: ClientChannel) => {
        clearTimeout(timer);
        if (error === undefined) resolve(channel);
        else setImmediate(refused);
      };
      if (command === null) client.shell(pty, opened);
      else client.exec(command, { pty }, opened);
    } catch {
      clearTimeout(timer);
      setImmediate(refused);
    }
  });
}

/** How far a target came that stopped answering, in words. */
const stalls = {
  greeting: 'took the connection, but said nothing. It may be overloaded, or what listens there is no SSH server',
  'key exchange': 'began the key exchange, but did not finish it. Nothing of a login was sent',
  login: 'proved its host key, but did not answer the login. It may be overloaded, or wait for its own directory',
} as const;

/**
 * ssh2's errors as ours. It has no codes, so its texts (of the pinned version) are read here and nowhere else; they are never passed on.
 */
function explain(
  error: Error & { level?: string },
  at: { name: string; address: string; stalledAt: keyof typeof stalls; refused: string },
): SallyportError {
  if (error instanceof SallyportError) return error;
  const facts = { address: at.address };
  if (error.level === 'client-authentication') return new SallyportError('SP-2040', at.refused, { facts });
  if (error.level === 'client-timeout')
    return new SallyportError(
      'SP-2104',
      `${at.name} ${stalls[at.stalledAt]}. It was given up after ${readyTimeoutMs / 1000} s; try again, and if it stays, ask its owner.`,
      { facts: { ...facts, stalled: at.stalledAt } },
    );
  if (/no matching host key/i.test(error.message))
    return new SallyportError(
      'SP-2031',
      'The target has no host key of the kind on record. Nothing was sent to it. Do not connect until its owner has said why the key changed.',
      { facts },
    );
  if (/no matching|Unsupported/i.test(error.message))
    return new SallyportError(
      'SP-2032',
      'Target and launcher have no modern algorithm in common. Ask the owner of the target to update its SSH server.',
      { facts },
    );
  if (/signature verification failed/i.test(error.message))
    return new SallyportError(
      'SP-2031',
      'The target showed the right host key but could not prove that it holds it. Nothing was sent to it. Tell your security team.',
      { facts },
    );
  return new SallyportError('SP-2050', 'The connection to the target failed. Try again; if it stays, ask its owner.', {
    facts,
  });
}
