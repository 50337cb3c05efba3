import { SallyportError } from '../errors/result.ts';

/**
 * When an injected password may answer a target. The target's words are not to be trusted: a password goes out exactly once, after the host key
 * was proved, to the password method (RFC 4252 section 8) or to one prompt with echo off whose text matches the target's pattern (RFC 4256).
 * Pure: what happened in, what to do out. The broker's login and a session process with a sealed password both ask it.
 */
export const defaultPromptPattern = String.raw`^(\((?!current)[^()]{1,128}\) )?(?!(new|old|current|re-?type|re-?enter|repeat|verify|confirm) )([\w.@-]{1,64}('s)? )?password( for [^:]{1,64})?: ?$`;

/** Longer prompts are no prompts; it also bounds what a pattern is tried on. */
const maxPromptCharacters = 256;
/** RFC 4256 section 3.2 lets a server send rounds without a prompt; PAM does so to show a message. */
const maxEmptyRounds = 4;

/** Every check has a name: it is what the audit event says. */
export type PromptCheck =
  | 'prompt-before-host-key'
  | 'prompt-second-round'
  | 'prompt-count'
  | 'prompt-echo'
  | 'prompt-text'
  | 'prompt-empty-rounds'
  | 'prompt-password-change'
  | 'prompt-after-login';

export type PromptEvent =
  /** The target's signature over the key exchange holds, and its key is an expected one. */
  | { kind: 'host-key-proved' }
  /** The password method is about to be used. */
  | { kind: 'password-method' }
  /** SSH_MSG_USERAUTH_INFO_REQUEST */
  | { kind: 'round'; prompts: readonly { prompt: string; echo: boolean }[] }
  /** SSH_MSG_USERAUTH_PASSWD_CHANGEREQ */
  | { kind: 'change-request' };

export interface PromptState {
  proved: boolean;
  answered: boolean;
  emptyRounds: number;
}

export const noPromptYet: PromptState = { proved: false, answered: false, emptyRounds: 0 };

export type PromptVerdict =
  | { do: 'nothing' }
  /** Send the password: this once. */
  | { do: 'answer' }
  /** Answer the round with no responses. */
  | { do: 'answer-empty' }
  | { do: 'refuse'; check: PromptCheck };

/** False for a pattern that is not a regular expression. */
export function isPromptPattern(pattern: string): boolean {
  try {
    new RegExp(pattern, 'iu');
    return true;
  } catch {
    return false;
  }
}

/** `pattern`: the target's own, or null for the default. A pattern that is no regular expression matches nothing. */
export function decidePrompt(
  state: PromptState,
  event: PromptEvent,
  pattern: string | null,
): { state: PromptState; verdict: PromptVerdict } {
  const refuse = (check: PromptCheck) => ({ state, verdict: { do: 'refuse', check } as const });
  if (event.kind === 'host-key-proved') return { state: { ...state, proved: true }, verdict: { do: 'nothing' } };
  if (!state.proved) return refuse('prompt-before-host-key');
  if (event.kind === 'change-request') return refuse('prompt-password-change');
  if (event.kind === 'round' && event.prompts.length === 0) {
    if (state.emptyRounds >= maxEmptyRounds) return refuse('prompt-empty-rounds');
    return { state: { ...state, emptyRounds: state.emptyRounds + 1 }, verdict: { do: 'answer-empty' } };
  }
  if (state.answered) return refuse('prompt-second-round');
  if (event.kind === 'round') {
    const check = refusedPrompts(event.prompts, pattern ?? defaultPromptPattern);
    if (check !== null) return refuse(check);
  }
  return { state: { ...state, answered: true }, verdict: { do: 'answer' } };
}

function refusedPrompts(
  prompts: readonly { prompt: string; echo: boolean }[],
  pattern: string,
): 'prompt-count' | 'prompt-echo' | 'prompt-text' | null {
  const [only, ...more] = prompts;
  if (only === undefined || more.length > 0) return 'prompt-count';
  if (only.echo) return 'prompt-echo';
  const { prompt } = only;
  const plain = prompt.length <= maxPromptCharacters && !/\p{C}/u.test(prompt);
  return plain && isPromptPattern(pattern) && new RegExp(pattern, 'iu').test(prompt) ? null : 'prompt-text';
}

const words: Record<PromptCheck, string> = {
  'prompt-before-host-key': 'it was asked for before the target had proved its host key',
  'prompt-second-round': 'the target asked a second time',
  'prompt-count': 'the target asked for more than the password',
  'prompt-echo': 'the target would have shown the answer in the clear',
  'prompt-text': "the target's question is not the one that is expected of it",
  'prompt-empty-rounds': 'the target went on asking for nothing',
  'prompt-password-change': 'the target wants the password to be changed',
  'prompt-after-login': 'the target let the login in before it had the password',
};

export function isPromptCheck(text: string): text is PromptCheck {
  return Object.hasOwn(words, text);
}

/** The refusal of a prompt in words, SP-2044. What the target said is not in it. */
export function promptRefusal(check: PromptCheck): SallyportError {
  const next =
    check === 'prompt-password-change'
      ? 'Ask its owner to change it and your administrator to store the new one.'
      : 'Ask its owner and your administrator what this login asks for.';
  return new SallyportError('SP-2044', `The stored password was not used any further: ${words[check]}. ${next}`, {
    facts: { check },
  });
}
