import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RecordedEvent } from '../../shared/record/events.ts';
import { type TextEntry, textEntrySchema, textHeaderSchema } from '../../shared/record/text-lines.ts';
import { inOrder, ScreenFollower } from './screen-follower.ts';
import { textOf } from './text-of.ts';

const size = { cols: 20, rows: 5 };

type Short = [atMs: number, code: RecordedEvent['code'], data: string];

function eventsOf(list: Short[]): RecordedEvent[] {
  return list.map(([atMs, code, data]) => ({ atMs, code, data: Buffer.from(data, 'utf8') }));
}

function entriesOf(sidecar: string): TextEntry[] {
  const [header = '', ...lines] = sidecar.split('\n');
  textHeaderSchema.parse(JSON.parse(header));
  return lines.filter((line) => line !== '').map((line) => textEntrySchema.parse(JSON.parse(line)));
}

function told(list: Short[]): TextEntry[] {
  const events = eventsOf(list);
  const segments = [{ events: events.filter((event) => event.code !== 'i'), isEnd: true }];
  return entriesOf(
    textOf({ session: 's', size, segments, input: events.filter((event) => event.code === 'i') })[0] ?? '',
  );
}

function linesOf(entries: TextEntry[]): string[] {
  return entries.flatMap((entry) => ('line' in entry ? [entry.line] : []));
}

function commandsOf(list: Short[]): string[] {
  return told(list).flatMap((entry) => ('command' in entry ? [entry.command] : []));
}

describe('the lines of a recording', () => {
  it('are told as they leave the screen, with their time, and what is left at the end', () => {
    expect(
      told([
        [10, 'o', 'one\r\ntwo\r\nthree\r\nfour\r\nfive'],
        [20, 'o', '\r\nsix'],
        [30, 'o', '\r\n\x1b[31mse\x1b[1mven\x1b[0m'],
        [40, 'x', '0'],
      ]),
    ).toEqual([
      { t: 20, line: 'one' },
      { t: 30, line: 'two' },
      ...['three', 'four', 'five', 'six', 'seven'].map((line) => ({ t: 40, line })),
    ]);
  });

  it('are as on the screen: overwritten, and whole where they wrapped', () => {
    expect(
      linesOf(told([[1, 'o', 'progress 10%\rprogress 99%\r\na line that is longer than the screen is wide\r\n']])),
    ).toEqual(['progress 99%', 'a line that is longer than the screen is wide']);
    expect(linesOf(told([[1, 'o', `${'x'.repeat(70)}\r\n1\r\n2\r\n3\r\n4\r\n5\r\n6`]]))).toEqual([
      'x'.repeat(70),
      '1',
      '2',
      '3',
      '4',
      '5',
      '6',
    ]);
  });

  it('are told before a screen is erased, reset or made smaller', () => {
    expect(linesOf(told([[1, 'o', 'seen\x1b[H\x1b[2Jafter']]))).toEqual(['seen', 'after']);
    expect(linesOf(told([[1, 'o', 'seen\x1bcafter']]))).toEqual(['seen', 'after']);
    expect(
      linesOf(
        told([
          [1, 'o', 'a\r\nb\r\nc\r\nd\r\ne'],
          [2, 'r', '20x2'],
          [3, 'x', '0'],
        ]),
      ),
    ).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('of a full-screen program are told once while they stay', () => {
    const draw = (clock: string) => `\x1b[H${clock}\x1b[2;1Hload average\x1b[3;1Hinit`;
    const list: Short[] = [[0, 'o', 'shell\r\n\x1b[?1049h\x1b[2J']];
    for (let at = 1; at <= 30; at += 1) list.push([at * 1000, 'o', draw(`time ${at}`)]);
    list.push([40_000, 'o', '\x1b[?1049lback']);
    const entries = told(list);
    const alternate = entries.flatMap((entry) => ('alternate' in entry ? [entry.line] : []));
    expect(alternate.filter((line) => line === 'load average')).toHaveLength(1);
    expect(alternate.filter((line) => line === 'init')).toHaveLength(1);
    // The clock is told at first, then now and then.
    expect(alternate.filter((line) => line.startsWith('time')).length).toBeLessThan(12);
    expect(linesOf(entries).slice(-2)).toEqual(['shell', 'back']);
  });

  it('are bounded', () => {
    const entries = told([
      [1, 'o', `x\x1b[90b${'\n'.repeat(200_000)}`],
      ...Array.from({ length: 40 }, (_, at): Short => [2 + at, 'o', `${'many words in a line '.repeat(4000)}`]),
    ]);
    expect(entries.at(-1)).toMatchObject({ gap: expect.any(String) });
    expect(JSON.stringify(entries).length).toBeLessThan(1_300_000);
  });

  it('stop where the screen cannot be followed', () => {
    const follower = new ScreenFollower({ session: 's', size });
    Reflect.set(Reflect.get(follower, 'screen'), 'write', () => {
      throw new RangeError('too much');
    });
    follower.take({ atMs: 5, code: 'o', data: Buffer.from('a') });
    expect(follower.keyframe()).toBeNull();
    expect(entriesOf(follower.cut(0, { isLast: true }))).toEqual([{ t: 5, gap: expect.any(String) }]);
  });
});

describe('commands', () => {
  it('are what stood behind the prompt when Enter was typed', () => {
    expect(
      commandsOf([
        [0, 'o', '$ '],
        [10, 'i', 'l'],
        [10, 'o', 'l'],
        [20, 'i', 'x\x7fs\r'],
        [20, 'o', 'x\b \bs'],
        [21, 'o', '\r\nfile\r\n$ '],
        [30, 'i', '\x1b[A'],
        [31, 'o', 'cat notes'],
        [40, 'i', '\r'],
        [40, 'o', '\r\nlines\r\n$ '],
      ]),
    ).toEqual(['ls', 'cat notes']);
  });

  it('hold what the screen shows, so no password that is not echoed', () => {
    const entries = told([
      [0, 'o', '$ '],
      [10, 'i', 'sudo x\r'],
      [11, 'o', 'sudo x\r\n[sudo] password: '],
      [20, 'i', 'hunter2\r'],
      [21, 'o', '\r\nroot\r\n$ '],
      [30, 'i', 'y\r'],
      [31, 'o', 'y\r\n'],
    ]);
    expect(JSON.stringify(entries)).not.toContain('hunter2');
    expect(entries.flatMap((entry) => ('command' in entry ? [entry.command] : []))).toEqual(['sudo x', 'y']);
  });

  it('typed ahead, pasted at once, or longer than a row are found too', () => {
    expect(
      commandsOf([
        [0, 'o', '$ '],
        [10, 'i', 'one\rtwo\r'],
        [11, 'o', 'one\r\nout\r\n$ two\r\nout\r\n$ '],
        [20, 'i', 'a command that is long enough to wrap\r'],
        [21, 'o', 'a command that is long enough to wrap\r\n$ '],
      ]),
    ).toEqual(['one', 'two', 'a command that is long enough to wrap']);
  });

  it('of a full-screen program are none', () => {
    expect(
      commandsOf([
        [0, 'o', '$ \x1b[?1049h:'],
        [1, 'i', 'q\r'],
        [2, 'o', 'q\r\n\x1b[?1049l'],
      ]),
    ).toEqual([]);
  });

  it('are those of the marks where a shell sets them', () => {
    const prompt = '\x1b]133;A\x07$ \x1b]133;B\x07';
    const entries = told([
      [0, 'o', prompt],
      [10, 'i', 'ls\r'],
      [11, 'o', 'ls\r\n\x1b]133;C\x07file\r\n\x1b]133;D;2\x07'],
      [12, 'o', prompt],
      [20, 'o', 'from a macro\r\n\x1b]133;C\x07\x1b]133;D\x07'],
    ]);
    expect(entries.slice(0, 3)).toEqual([
      { t: 11, command: 'ls' },
      { t: 11, status: 2 },
      { t: 20, command: 'from a macro' },
    ]);
  });
});

const output = fc.array(
  fc.oneof(
    fc.constantFrom(
      'word ',
      'grüße ',
      '漢字',
      '\r\n',
      '\r\n$ ',
      '$ ',
      '\x1b[2J',
      '\x1b[H',
      '\x1b[31m',
      '\x1bc',
      '\x1b[?1049h',
      '\x1b[?1049l',
    ),
    fc.constantFrom(
      '\x1b[J',
      '\x1b[3;1H',
      '\x1b]133;A\x07$ \x1b]133;B\x07',
      '\x1b]133;C\x07',
      '\x1b]133;D;1\x07',
      '\b',
      '\x1b[2;4r',
    ),
  ),
  { maxLength: 12 },
);
const turn = fc.record({
  gap: fc.constantFrom(0, 1, 30, 150, 2000),
  shown: output,
  typed: fc.constantFrom('', '', 'ls', '\r', 'a\rb\r'),
  cuts: fc.array(fc.nat(), { maxLength: 4 }),
});

describe('the text', () => {
  it('is the same however the bytes of a moment were cut, and from the segments alone as it was live', () => {
    fc.assert(
      fc.property(fc.array(turn, { maxLength: 20 }), fc.nat({ max: 19 }), (turns, cutAfter) => {
        const whole: RecordedEvent[] = [];
        const pieces: RecordedEvent[] = [];
        const typed: RecordedEvent[] = [];
        let atMs = 0;
        let cut = { whole: 0, pieces: 0, typed: 0 };
        turns.forEach(({ gap, shown, typed: keys, cuts }, index) => {
          // Nothing that is typed has the time of output that was cut off before it.
          atMs += gap + (index === cutAfter + 1 ? 1 : 0);
          if (keys !== '') typed.push({ atMs, code: 'i', data: Buffer.from(keys) });
          const data = Buffer.from(shown.join(''));
          whole.push({ atMs, code: 'o', data });
          const places = [0, ...cuts.map((at) => at % (data.length + 1)).sort((a, b) => a - b), data.length];
          for (const [at, place] of places.slice(1).entries())
            pieces.push({ atMs, code: 'o', data: data.subarray(places[at], place) });
          if (index === cutAfter) cut = { whole: whole.length, pieces: pieces.length, typed: typed.length };
        });
        const split = (events: RecordedEvent[], at: number) => [
          { events: events.slice(0, at), isEnd: false },
          { events: events.slice(at), isEnd: true },
        ];
        const first = textOf({ session: 's', size, segments: split(whole, cut.whole), input: typed });
        expect(textOf({ session: 's', size, segments: split(pieces, cut.pieces), input: typed })).toEqual(first);
        const live = new ScreenFollower({ session: 's', size });
        const parts = [
          [...whole.slice(0, cut.whole), ...typed.slice(0, cut.typed)],
          [...typed.slice(cut.typed), ...whole.slice(cut.whole)],
        ];
        const texts = parts.map((events, segment) => {
          for (const event of inOrder(events.sort((a, b) => a.atMs - b.atMs))) live.take(event);
          return live.cut(segment, { isLast: segment === 1 });
        });
        expect(texts).toEqual(first);
      }),
      { numRuns: Number(process.env.SALLYPORT_FUZZ_RUNS ?? 200) },
    );
  });
});

describe('a hostile recording', () => {
  const wide = { cols: 250, rows: 70 };

  /** Its first segment, drawn; and the longest that it held the process, in milliseconds. */
  function follow(unit: string) {
    const follower = new ScreenFollower({ session: 's', size: wide });
    const data = Buffer.from(unit.repeat(Math.floor(65_536 / unit.length)));
    let longest = 0;
    let last = performance.now();
    for (const atMs of [1, 2, 3, 4]) {
      for (const _ of follower.taking({ atMs, code: 'o', data })) {
        longest = Math.max(longest, performance.now() - last);
        last = performance.now();
      }
    }
    return { follower, longest, sidecar: follower.cut(0, { isLast: false }) };
  }

  it.each([
    ['a character repeated over the screen', 'a\x1b[99999b'],
    ['a terminal reset', '\x1bc'],
    ['lines inserted', '\x1b[999L'],
  ])('does not hold whoever draws it: %s', (_what, unit) => {
    const { follower, longest, sidecar } = follow(unit);
    expect(longest).toBeLessThan(1000);
    expect(entriesOf(sidecar).at(-1)).toMatchObject({ gap: expect.any(String) });
    expect(follower.keyframe()).toBeNull();
    // By what was drawn, not by time or how it was cut: whoever checks it comes to the same.
    const again = new ScreenFollower({ session: 's', size: wide });
    const data = Buffer.from(unit.repeat(Math.floor(65_536 / unit.length)));
    for (const atMs of [1, 2, 3, 4]) again.take({ atMs, code: 'o', data });
    expect(again.cut(0, { isLast: false })).toBe(sidecar);
  });

  it.each([
    ['empty lines', '\r\n'],
    ['lines of log', 'the quick brown fox jumps over the lazy dog\r\n'],
    ['a screen drawn in colours', `\x1b[H${'\x1b[31mab\x1b[m'.repeat(1000)}`],
  ])('is followed through a flood of %s', (_what, unit) => {
    const { follower, sidecar } = follow(unit);
    expect(sidecar).not.toContain('"gap":"The');
    expect(follower.keyframe()).not.toBeNull();
  });

  it('is not followed at sizes that no terminal has, nor through more resizes than people make', () => {
    const follower = new ScreenFollower({ session: 's', size: { cols: 9999, rows: 9999 } });
    expect(follower.screenSize).toEqual({ cols: 1000, rows: 500 });
    const take = (data: string) => follower.take({ atMs: 1, code: 'r', data: Buffer.from(data) });
    take('200x60');
    take('3000x3000');
    expect(follower.screenSize).toEqual({ cols: 200, rows: 60 });
    const began = performance.now();
    for (let index = 0; index < 170_000; index += 1) take(index % 2 === 0 ? '1000x500' : '2x1');
    expect(performance.now() - began).toBeLessThan(30_000);
    expect(entriesOf(follower.cut(0, { isLast: true }))).toMatchObject([{ gap: expect.any(String) }]);
  });

  it('is followed through what a window that is dragged for minutes makes, segment after segment', () => {
    const follower = new ScreenFollower({ session: 's', size });
    for (const segment of [0, 1, 2]) {
      for (let index = 0; index < 5000; index += 1)
        follower.take({ atMs: index, code: 'r', data: Buffer.from(`${100 + (index % 50)}x40`) });
      expect(entriesOf(follower.cut(segment, { isLast: false }))).toEqual([]);
    }
    expect(follower.keyframe()).not.toBeNull();
  });
});
