import { PassThrough } from 'node:stream';
import type { ReadStream } from 'node:tty';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { askPassword } from './read-password.ts';

const password = 'canary of a terminal';
/** Every buffer that was made meanwhile. */
let made: Buffer[];

beforeEach(() => {
  made = [];
  for (const name of ['from', 'alloc'] as const) {
    const make = Buffer[name] as (...given: unknown[]) => Buffer;
    vi.spyOn(Buffer, name).mockImplementation(((...given: unknown[]) => {
      const bytes = make(...given);
      made.push(bytes);
      return bytes;
    }) as never);
  }
});
afterEach(() => vi.restoreAllMocks());

/** A terminal that answers each question with the next of `answers`; null closes it. */
function ask(...answers: (string | null)[]) {
  const modes: boolean[] = [];
  const terminal = Object.assign(new PassThrough(), { setRawMode: (mode: boolean) => modes.push(mode) });
  const work = askPassword(terminal as unknown as ReadStream, (text) => {
    if (text === '\n') return;
    const answer = answers.shift();
    if (answer === null) terminal.end();
    else if (answer !== undefined) terminal.write(answer);
  });
  return { work, modes };
}

/** What was typed is in none of the buffers, once what was typed ahead had its turn. */
async function expectWiped(except: Buffer[] = []): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  expect(made.length).toBeGreaterThan(0);
  const holding = made.filter((bytes) => bytes.includes('canary') && !except.includes(bytes));
  expect(holding).toEqual([]);
}

describe('a password that is typed twice', () => {
  it('is answered, and nothing else keeps it', async () => {
    const { work, modes } = ask(`${password}\r`, `${password}\r`);
    const answer = await work;
    expect(answer.toString()).toBe(password);
    await expectWiped([answer]);
    expect(modes).toEqual([true, false]);
  });

  it.each<[string, (string | null)[], RegExp]>([
    ['interrupted at the second question', [`${password}\r`, 'can\u0003'], /Interrupted/],
    ['answered differently', [`${password}\r`, 'canary\r'], /differ/],
    ['left alone at the second question', [`${password}\r`, null], /terminal closed/],
    ['left alone at the first', [null], /terminal closed/],
    ['answered by nothing, with more typed ahead', [`\r${password}\r`], /empty/],
  ])('is wiped when it is %s', async (_what, answers, words) => {
    const { work } = ask(...answers);
    await expect(work).rejects.toThrow(words);
    await expectWiped();
  });
});
