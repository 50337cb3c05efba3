import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TextEntry } from '../../shared/record/text-lines.ts';
import { heldEntriesAtMost, nothingUnsettled, type Settled, settleRest, settleTimes } from './settle-times.ts';

const textOf = (entry: TextEntry) =>
  'line' in entry ? entry.line : 'command' in entry ? `> ${entry.command}` : 'gap' in entry ? entry.gap : '';

/** Settled in pieces of these lengths, the rest in one. */
function settleAll(entries: readonly TextEntry[], pieces: readonly number[] = []): Settled[] {
  const found: Settled[] = [];
  let state = nothingUnsettled;
  let from = 0;
  for (const length of [...pieces, entries.length]) {
    const { settled, after } = settleTimes(state, entries.slice(from, from + length));
    found.push(...settled);
    state = after;
    from += length;
  }
  return [...found, ...settleRest(state, { isEnd: true }).settled];
}
const told = (entries: readonly TextEntry[]) =>
  settleAll(entries).map(({ entry, t, seen }) => `${t} ${seen} ${textOf(entry)}`);

const prompted = (t: number, command: string) => ({ t, line: `mira@web-01:~$ ${command}` });

describe('the order of the screen', () => {
  it('has each command once, where it was entered, and its output below it, also where all of it was told in the end', () => {
    expect(
      told([
        { t: 1000, command: 'ls' },
        { t: 1100, status: 0 },
        { t: 2000, command: 'cat site.toml' },
        { t: 3000, command: 'exit' },
        { t: 3100, line: 'Welcome' },
        { t: 3100, line: 'mira@web-01:~$ ls' },
        { t: 3100, line: 'site.toml' },
        { t: 3100, line: 'mira@web-01:/etc$ cat site.toml' },
        { t: 3100, line: 'then exit' },
        { t: 3100, line: 'mira@web-01:/etc$ exit' },
        { t: 3100, line: 'logout' },
      ]),
    ).toEqual([
      '0 1000 Welcome',
      '1000 1000 > ls',
      '1000 2000 site.toml',
      '2000 2000 > cat site.toml',
      '2000 3000 then exit',
      '3000 3000 > exit',
      '3000 3100 logout',
    ]);
  });

  it('keeps the time at which a line left the screen while its own command ran', () => {
    expect(
      told([
        { t: 1000, command: 'tail -f log' },
        prompted(1500, 'tail -f log'),
        { t: 60_000, line: 'one' },
        { t: 120_000, line: 'two' },
        { t: 130_000, command: 'exit' },
        { t: 130_500, line: 'three' },
        prompted(130_500, 'exit'),
      ]),
    ).toEqual([
      '1000 1000 > tail -f log',
      '60000 60000 one',
      '120000 120000 two',
      '120000 130000 three',
      '130000 130000 > exit',
    ]);
  });

  it('puts lines of the alternate screen under the command that took it, at their own time', () => {
    expect(
      told([
        { t: 1000, command: 'ls' },
        { t: 2000, command: 'vim x' },
        { t: 2300, line: '~', alternate: true },
        { t: 9000, command: 'exit' },
        prompted(9100, 'ls'),
        { t: 9100, line: 'x' },
        prompted(9100, 'vim x'),
        prompted(9100, 'exit'),
      ]),
    ).toEqual(['1000 1000 > ls', '1000 2000 x', '2000 2000 > vim x', '2300 2300 ~', '9000 9000 > exit']);
  });

  it('leaves a command whose line does not come at its own time, when the next one is found and when a screen of lines has passed', () => {
    const lines = Array.from(
      { length: 600 },
      (_, at): TextEntry => ({ t: 5000 + at, line: at === 550 ? '$ gone' : `line ${at}` }),
    );
    const [first, ...others] = told([{ t: 1000, command: 'gone' }, ...lines]);
    expect(first).toBe('1000 1000 > gone');
    expect(others[0]).toBe('5000 5000 line 0');
    // Too far away to be its line.
    expect(others[550]).toBe('5550 5550 $ gone');
    expect(others[598]).toBe('5598 5598 line 598');
    expect(
      told([
        { t: 900, command: 'ls' },
        prompted(950, 'ls'),
        { t: 1000, command: 'gone' },
        { t: 2000, command: 'pwd' },
        { t: 3000, line: '/home' },
        { t: 3000, line: 'other # pwd' },
        prompted(3000, 'pwd'),
      ]),
    ).toEqual(['900 900 > ls', '1000 1000 > gone', '1000 2000 /home', '1000 2000 other # pwd', '2000 2000 > pwd']);
  });

  it('takes all lines of a command, and waits for none beyond a gap', () => {
    expect(
      told([
        { t: 1, command: 'for a in 1 2\n> do echo' },
        { t: 2, line: '$ for a in 1 2' },
        { t: 2, line: '> do echo' },
        { t: 2, line: '1' },
        { t: 3, command: 'ls' },
        { t: 4, gap: 'no more' },
        { t: 9, line: '$ ls' },
      ]),
    ).toEqual(['1 1 > for a in 1 2\n> do echo', '2 2 1', '3 3 > ls', '4 4 no more', '4 9 $ ls']);
  });

  it('holds no more than so much, and shows a command once even where it did not wait long enough', () => {
    const alternate = Array.from(
      { length: 3 * heldEntriesAtMost },
      (_, at): TextEntry => ({ t: 10 + at, line: `${at}`, alternate: true }),
    );
    const entries: TextEntry[] = [{ t: 1, command: 'top' }, ...alternate];
    const { settled, after } = settleTimes(nothingUnsettled, entries);
    expect(after.held.length).toBeLessThanOrEqual(heldEntriesAtMost);
    expect(settled.length).toBeGreaterThan(heldEntriesAtMost);
    const all = told([...entries, prompted(20_000, 'top'), { t: 20_000, line: 'after' }]);
    expect(all.filter((each) => each.includes('top'))).toEqual(['1 1 > top']);
    expect(all.at(-1)).toMatch(/ after$/);
  });
});

describe('whatever the entries', () => {
  const words = fc.constantFrom('ls', 'pwd', 'cat x', 'exit', 'for\n> done', '', 'ls ls');
  const entry = fc.oneof(
    { weight: 3, arbitrary: fc.record({ command: words }) },
    { weight: 3, arbitrary: words.map((word) => ({ line: `$ ${word.split('\n')[0]}` })) },
    { weight: 3, arbitrary: fc.record({ line: fc.constantFrom('out', 'ls', '> done', 'a # exit', 'x$ pwd') }) },
    { weight: 2, arbitrary: fc.constant({ line: 'full', alternate: true as const }) },
    { weight: 1, arbitrary: fc.constantFrom({ status: 1 }, { gap: 'none' }) },
  );
  const recording = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 20 }), entry), { maxLength: 60 })
    .map((all): TextEntry[] => {
      let t = 0;
      return all.map(([later, what]) => {
        t += later;
        return { t, ...what };
      });
    });

  it('lines and commands keep their order, no time goes back or is later than it was told, and nothing is lost', () => {
    fc.assert(
      fc.property(recording, (entries) => {
        const settled = settleAll(entries);
        const rows = settled.map(({ entry }) => entry);
        const is = (kind: 'command' | 'gap') => (each: TextEntry) => kind in each;
        for (const kind of ['command', 'gap'] as const) expect(rows.filter(is(kind))).toEqual(entries.filter(is(kind)));
        const alternate = (each: TextEntry) => 'alternate' in each;
        expect(rows.filter(alternate)).toEqual(entries.filter(alternate));
        // Lines that are not there are those of commands.
        const left = new Set(rows);
        const lines = entries.filter((each) => 'line' in each && !alternate(each));
        expect(rows.filter((each) => 'line' in each && !alternate(each))).toEqual(
          lines.filter((each) => left.has(each as never)),
        );
        const taken = lines.filter((each) => !left.has(each as never));
        const commands = entries.flatMap((each) => ('command' in each ? each.command.split('\n') : []));
        for (const line of taken)
          expect(commands.some((each) => each !== '' && textOf(line).endsWith(each))).toBe(true);
        expect(taken.length).toBeLessThanOrEqual(commands.length);
        let last = 0;
        for (const { entry, t, seen } of settled) {
          expect(t).toBeGreaterThanOrEqual(last);
          expect(seen).toBeGreaterThanOrEqual(t);
          expect(seen).toBeLessThanOrEqual(entry.t);
          if ('command' in entry) expect(t).toBe(entry.t);
          last = t;
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('it makes no difference where segments end', () => {
    fc.assert(
      fc.property(recording, fc.array(fc.integer({ min: 0, max: 12 })), (entries, pieces) => {
        expect(settleAll(entries, pieces)).toEqual(settleAll(entries));
      }),
      { numRuns: 300 },
    );
  });

  it('and in a time that what wrote them does not choose', () => {
    const hostile = Array.from({ length: 40_000 }, (_, at): TextEntry => {
      const t = 1 + at;
      return at % 6000 < 200 ? { t, command: `${'x'.repeat(20)}${at % 7}` } : { t, line: `# ${'x'.repeat(20)}` };
    });
    const began = performance.now();
    settleAll(hostile);
    expect(performance.now() - began).toBeLessThan(2000);
  });
});
