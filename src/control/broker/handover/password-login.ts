import { fingerprint } from '../../../recording/signatures/keys.ts';
import { concat, sshString, sshUint32 } from '../../../recording/signatures/wire.ts';
import { type ErrorCode, isErrorCode } from '../../../shared/errors/codes.ts';
import { SallyportError } from '../../../shared/errors/result.ts';
import { decidePrompt, noPromptYet, type PromptEvent } from '../../../shared/ssh/prompt-rule.ts';
import { sendPayload } from '../../../ssh/ssh2-internals.ts';
import { type BrokerProtocol, openBrokerProtocol, type Ssh2Error } from './broker-protocol.ts';

/** Why a login by the broker, or its handover, came to nothing: a code, and the name of the check that the audit event says. */
export interface Refusal {
  code: ErrorCode;
  check: string;
}

export interface LoggedIn {
  method: 'none' | 'password' | 'keyboard-interactive';
  /** K_S, one of the expected. */
  hostKey: Buffer;
  sshSessionId: Buffer;
  clientIdent: string;
  serverIdent: string;
  /** The target's words before the login, as it said them. */
  banner: string;
}

export interface PasswordLogin {
  login: string;
  hostKeys: readonly string[];
  /** The target's pattern for a prompt (shared/ssh/prompt-rule.ts); null: the default. */
  prompt: string | null;
  /** The vaulted password; overwritten here once it is used. Null when there is none. Rejects with SP-5006. */
  password(): Promise<Buffer | null>;
  write(bytes: Buffer): void;
  /** Called while ssh2 still reads the packet that says so: the next packet is the caller's. */
  loggedIn(facts: LoggedIn): void;
  refused(refusal: Refusal): void;
}

const maxBanner = 16_384;
const userauthRequest = 50;
const userauthInfoResponse = 61;

/**
 * Logs in to a target as `login` with a vaulted password, by the password method (RFC 4252 section 8) or keyboard-interactive (RFC 4256). Nothing of a login is
 * sent before the target has proved an expected host key; the password goes out once. No channel is opened.
 */
export function loginByPassword(options: PasswordLogin): BrokerProtocol {
  let rule = noPromptYet;
  let offered: Buffer | undefined;
  let method: LoggedIn['method'] = 'none';
  let banner = '';
  /** Waits for a re-exchange that the target began: ssh2 would keep a copy of what is sent meanwhile. */
  let afterExchange: (() => void) | null = null;
  let over = false;

  function refuse(code: ErrorCode, check: string): void {
    if (over) return;
    over = true;
    options.refused({ code, check });
  }

  function decide(event: PromptEvent) {
    const step = decidePrompt(rule, event, options.prompt);
    rule = step.state;
    if (step.verdict.do === 'refuse') refuse('SP-2044', step.verdict.check);
    return step.verdict.do;
  }

  /** Sends a message that ends with the password, and overwrites every copy within reach. */
  async function sendPassword(head: Buffer): Promise<void> {
    let password: Buffer | null;
    try {
      password = await options.password();
    } catch (error) {
      return refuse(error instanceof SallyportError && isErrorCode(error.code) ? error.code : 'SP-5006', 'vault');
    }
    if (password === null) return refuse('SP-2043', 'secret-missing');
    const secret = password;
    afterExchange = () => {
      const payload = concat(head, sshUint32(secret.length), secret);
      if (!over) sendPayload(protocol, payload);
      payload.fill(0);
      secret.fill(0);
    };
    if (over || protocol._kexinit === undefined) exchangeOver();
  }

  function exchangeOver(): void {
    afterExchange?.();
    afterExchange = null;
  }

  function begin(methods: readonly string[]): void {
    if (methods.includes('password')) {
      method = 'password';
      if (decide({ kind: 'password-method' }) !== 'answer') return;
      protocol._authsQueue.push(method);
      const head = ['ssh-connection', method].map(sshString);
      void sendPassword(concat(Buffer.from([userauthRequest]), sshString(options.login), ...head, Buffer.from([0])));
    } else if (methods.includes('keyboard-interactive')) {
      method = 'keyboard-interactive';
      protocol.authKeyboard(options.login);
    } else refuse('SP-2040', 'no-password-method');
  }

  const protocol = openBrokerProtocol({
    hostKeys: options.hostKeys,
    write: options.write,
    hostKey(key, expected) {
      offered = key;
      if (!expected) refuse('SP-2031', `host-key ${fingerprint(key)}`);
    },
    exchanged() {
      exchangeOver();
      if (rule.proved) return;
      decide({ kind: 'host-key-proved' });
      protocol.service('ssh-userauth');
    },
    failed: (error) => {
      const { code, check } = explain(error);
      refuse(code, check);
    },
    handlers: {
      SERVICE_ACCEPT() {
        protocol.authNone(options.login);
      },
      USERAUTH_BANNER(_protocol, text) {
        if (typeof text === 'string') banner = `${banner}${text}`.slice(0, maxBanner);
      },
      USERAUTH_FAILURE(_protocol, methods, partial) {
        if (over) return;
        if (method === 'none') begin(Array.isArray(methods) ? methods : []);
        else refuse('SP-2040', partial === true ? 'more-than-a-password' : 'login');
      },
      USERAUTH_INFO_REQUEST(_protocol, _name, _instructions, prompts) {
        if (over) return;
        const todo = decide({ kind: 'round', prompts: prompts as { prompt: string; echo: boolean }[] });
        const head = (count: number) => concat(Buffer.from([userauthInfoResponse]), sshUint32(count));
        if (todo === 'answer') void sendPassword(head(1));
        else if (todo === 'answer-empty') sendPayload(protocol, head(0));
      },
      USERAUTH_PASSWD_CHANGEREQ() {
        decide({ kind: 'change-request' });
      },
      USERAUTH_SUCCESS() {
        const sshSessionId = protocol._kex?.sessionID;
        if (over || !rule.proved || offered === undefined || sshSessionId === undefined) return;
        over = true;
        options.loggedIn({
          method,
          hostKey: offered,
          sshSessionId: Buffer.from(sshSessionId),
          clientIdent: protocol._identRaw.toString('latin1'),
          serverIdent: protocol._remoteIdentRaw?.toString('latin1') ?? '',
          banner,
        });
      },
      CHANNEL_OPEN() {
        refuse('SP-2042', 'target-channel');
      },
      DISCONNECT() {
        refuse('SP-2050', 'target-goodbye');
      },
    },
  });
  const { cleanup } = protocol;
  protocol.cleanup = () => {
    // Given up, or handed over: a password that waits still is overwritten and not sent.
    over = true;
    exchangeOver();
    cleanup.call(protocol);
  };
  return protocol;
}

/** ssh2's errors as ours. It has no codes, so its texts (of the pinned version) are read; they are never passed on. */
export function explain({ message }: Ssh2Error): Refusal {
  if (/no matching host key/i.test(message)) return { code: 'SP-2031', check: 'host-key-kind' };
  if (/signature verification failed/i.test(message)) return { code: 'SP-2031', check: 'host-signature' };
  if (/no matching|unsupported/i.test(message)) return { code: 'SP-2032', check: 'algorithms' };
  return { code: 'SP-2050', check: 'target-protocol' };
}
