import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decidePrompt, noPromptYet, type PromptEvent, type PromptVerdict, promptRefusal } from './prompt-rule.ts';

const proved: PromptEvent = { kind: 'host-key-proved' };
const password: PromptEvent = { kind: 'round', prompts: [{ prompt: 'Password: ', echo: false }] };

function run(events: PromptEvent[], pattern: string | null = null): PromptVerdict[] {
  let state = noPromptYet;
  return events.map((event) => {
    const step = decidePrompt(state, event, pattern);
    state = step.state;
    return step.verdict;
  });
}

function last(events: PromptEvent[], pattern: string | null = null): string {
  const verdict = run(events, pattern).at(-1);
  return verdict?.do === 'refuse' ? verdict.check : (verdict?.do ?? '');
}

function round(prompt: string, echo = false): PromptEvent {
  return { kind: 'round', prompts: [{ prompt, echo }] };
}

describe('security.md 40: an injected password', () => {
  it.each<[string, PromptEvent[], string]>([
    ['answers one matching prompt', [proved, password], 'answer'],
    ['goes to the password method', [proved, { kind: 'password-method' }], 'answer'],
    ['answers nothing before the host key', [password], 'prompt-before-host-key'],
    ['goes nowhere before the host key', [{ kind: 'password-method' }], 'prompt-before-host-key'],
    ['answers no second round', [proved, password, password], 'prompt-second-round'],
    [
      'answers no prompt after the password method',
      [proved, { kind: 'password-method' }, password],
      'prompt-second-round',
    ],
    [
      'answers no two prompts',
      [
        proved,
        {
          kind: 'round',
          prompts: [
            { prompt: 'Password: ', echo: false },
            { prompt: 'Password: ', echo: false },
          ],
        },
      ],
      'prompt-count',
    ],
    ['answers no prompt with echo', [proved, round('Password: ', true)], 'prompt-echo'],
    ['answers no other question', [proved, round('One-time code: ')], 'prompt-text'],
    ['answers no prompt with control characters', [proved, round('\u001b[8mPassword: ')], 'prompt-text'],
    ['answers no prompt that hides text', [proved, round('Pass\u202eword: ')], 'prompt-text'],
    ['answers no endless prompt', [proved, round(`(${'x'.repeat(300)}) Password: `)], 'prompt-text'],
    ['is not given as a new one', [proved, round('New password: ')], 'prompt-text'],
    ['is not given to change it', [proved, round('(current) UNIX password: ')], 'prompt-text'],
    ['is not repeated', [proved, round('Retype password: ')], 'prompt-text'],
    ['is not confirmed', [proved, round('Confirm password: ')], 'prompt-text'],
    ['is not changed', [proved, { kind: 'change-request' }], 'prompt-password-change'],
    [
      'is not changed after it was given',
      [proved, { kind: 'password-method' }, { kind: 'change-request' }],
      'prompt-password-change',
    ],
    ['is not in the answer to an empty round', [proved, { kind: 'round', prompts: [] }], 'answer-empty'],
    ['is given after an empty round', [proved, { kind: 'round', prompts: [] }, password], 'answer'],
    [
      'does not wait through endless empty rounds',
      [proved, ...Array.from({ length: 5 }, (): PromptEvent => ({ kind: 'round', prompts: [] }))],
      'prompt-empty-rounds',
    ],
  ])('%s', (_what, events, verdict) => {
    expect(last(events)).toBe(verdict);
  });

  it.each([
    'Password: ',
    'password:',
    '(ada@web-1) Password: ',
    "ada@web-1's password: ",
    'UNIX password: ',
    'Password for ada: ',
  ])('knows the prompt %j', (prompt) => expect(last([proved, round(prompt)])).toBe('answer'));

  it("follows the target's own pattern alone", () => {
    expect(last([proved, round('Kennwort: ')], '^kennwort: $')).toBe('answer');
    expect(last([proved, password], '^kennwort: $')).toBe('prompt-text');
    expect(last([proved, password], '(')).toBe('prompt-text');
  });

  it('goes out at most once, whatever a target does', () => {
    const prompt = fc.record({ prompt: fc.constantFrom('Password: ', 'password:', 'x'), echo: fc.boolean() });
    const event = fc.oneof(
      fc.constant<PromptEvent>(proved),
      fc.constant<PromptEvent>({ kind: 'password-method' }),
      fc.constant<PromptEvent>({ kind: 'change-request' }),
      fc.array(prompt, { maxLength: 3 }).map((prompts): PromptEvent => ({ kind: 'round', prompts })),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), (events) => {
        const verdicts = run(events);
        const answers = verdicts.flatMap((verdict, at) => (verdict.do === 'answer' ? [at] : []));
        expect(answers.length).toBeLessThanOrEqual(1);
        const at = answers[0];
        if (at !== undefined) expect(events.findIndex((each) => each.kind === 'host-key-proved')).toBeLessThan(at);
      }),
    );
  });

  it('refuses with words that hold nothing of what the target said', () => {
    expect(promptRefusal('prompt-echo').code).toBe('SP-2044');
    expect(promptRefusal('prompt-echo').message).toMatch(/in the clear/);
  });
});
