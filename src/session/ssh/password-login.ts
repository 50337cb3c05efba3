import type { AuthenticationType, Client, NoAuthMethod } from 'ssh2';
import { concat, sshString } from '../../recording/signatures/wire.ts';
import { decidePrompt, noPromptYet, type PromptEvent, promptRefusal } from '../../shared/ssh/prompt-rule.ts';
import { type ExchangeProof, keepFirstExchange, protocolOf, sendPayload } from '../../ssh/ssh2-internals.ts';

/** RFC 4252 section 6, RFC 4256 section 3.4. */
const userauthRequest = 50;
const userauthInfoResponse = 61;

export interface PasswordLogin {
  user: string;
  /** What a keyboard-interactive prompt must match; null for the default (prompt-rule.ts). */
  pattern: string | null;
  /** Asked for at most once, when the target asks exactly as it should. What it answers is wiped here. */
  password(proof: ExchangeProof): Promise<Uint8Array>;
  /** The rule refused (SP-2044), or the password could not be had. */
  failed(error: unknown): void;
}

export interface PasswordDialogue {
  /**
   * Answers ssh2's question for the next login method: its `authHandler`. False when there is none left; undefined where the login has been sent by
   * this module.
   */
  next(methods: AuthenticationType[] | null, partial: boolean | null): NoAuthMethod | false | undefined;
}

/**
 * Makes a client that has just been told to connect log in by password: by the password method where the target offers it, else by answering one
 * keyboard-interactive prompt; never by both. ssh2 has no part in it but the dialogue: it keeps passwords as text, which cannot be wiped. Throws SP-9001
 * when ssh2 is not as expected.
 */
export function loginByPassword(client: Client, login: PasswordLogin): PasswordDialogue {
  const protocol = protocolOf(client);
  const firstExchange = keepFirstExchange(protocol);
  let state = noPromptYet;
  let begun = false;

  /** Decides on what the target did, and gives the password into the payload that `head` begins, if it may. */
  function take(event: PromptEvent, head: Uint8Array): void {
    const proof = firstExchange();
    if (proof !== null) ({ state } = decidePrompt(state, { kind: 'host-key-proved' }, login.pattern));
    const step = decidePrompt(state, event, login.pattern);
    state = step.state;
    const { verdict } = step;
    if (verdict.do === 'refuse') login.failed(promptRefusal(verdict.check));
    else if (verdict.do === 'answer-empty') sendPayload(protocol, Buffer.from([userauthInfoResponse, 0, 0, 0, 0]));
    else if (verdict.do === 'answer' && proof !== null) give(head, proof).catch(login.failed);
  }

  async function give(head: Uint8Array, proof: ExchangeProof): Promise<void> {
    const password = await login.password(proof);
    // A target that lets in before it has the password gets none: keys of exchanges after the login are kept for whoever may read the record.
    if (protocol._authenticated) {
      password.fill(0);
      throw promptRefusal('prompt-after-login');
    }
    const payload = Buffer.alloc(head.length + 4 + password.length);
    payload.set(head);
    payload.writeUInt32BE(password.length, head.length);
    payload.set(password, head.length + 4);
    password.fill(0);
    sendPayload(protocol, payload);
    payload.fill(0);
  }

  protocol._handlers.USERAUTH_INFO_REQUEST = (_protocol, _name, _instructions, prompts) => {
    const asked = (Array.isArray(prompts) ? prompts : []) as { prompt: string; echo: boolean }[];
    take({ kind: 'round', prompts: asked }, Buffer.from([userauthInfoResponse, 0, 0, 0, 1]));
  };
  protocol._handlers.USERAUTH_PASSWD_CHANGEREQ = () => take({ kind: 'change-request' }, Buffer.alloc(0));

  return {
    next(methods, partial) {
      // `none` tells which methods there are (RFC 4252 section 5.2).
      if (methods === null) return { type: 'none', username: login.user };
      // One way, once: a target that refuses what it was given gets nothing more, and a second factor is nothing that is stored.
      if (begun || partial === true) return false;
      begun = true;
      if (methods.includes('password')) {
        protocol._authsQueue.push('password');
        const head = [sshString(login.user), sshString('ssh-connection'), sshString('password'), Buffer.from([0])];
        take({ kind: 'password-method' }, concat(Buffer.from([userauthRequest]), ...head));
        return undefined;
      }
      if (!methods.includes('keyboard-interactive')) return false;
      protocol._authsQueue.push('keyboard-interactive');
      // Language tag and submethods, both empty (RFC 4256 section 3.1).
      const names = [login.user, 'ssh-connection', 'keyboard-interactive', '', ''];
      sendPayload(protocol, concat(Buffer.from([userauthRequest]), ...names.map((name) => sshString(name))));
      return undefined;
    },
  };
}
