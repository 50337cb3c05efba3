import { createHash } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { ageSeal, makeAgeIdentity } from '../../recording/codecs/age.ts';
import { zstdCompress } from '../../recording/codecs/zstd.ts';
import type { ReplayToScreen, TranscriptLine } from '../../shared/protocol/replay.ts';
import type { RecordedEvent } from '../../shared/record/events.ts';
import { formatTextEntry, formatTextHeader, type TextEntry } from '../../shared/record/text-lines.ts';
import { Fetcher } from '../fetcher.ts';
import { StoredSegments } from '../stored-segments.ts';
import { Gather } from './gather.ts';
import { folded, searchBlock } from './search-block.ts';
import { blockOfBytes, blockToBytes, lineAt, packLines } from './text-block.ts';
import { TranscriptReader } from './transcript-reader.ts';
import { TranscriptStore } from './transcript-store.ts';

type Found = Extract<ReplayToScreen, { type: 'found' }>;

function line(text: string, atMs = 0, kind: TranscriptLine['kind'] = 'line', alternate = false): TranscriptLine {
  return { atMs, kind, text, alternate };
}

const odd = [
  line('plain', 5),
  line('grüße 東京 😀', 7, 'command'),
  line('', 9, 'gap', false),
  line('first\nsecond', 8, 'command'),
  line('İstanbul ΟΔΟΣ', 8, 'line', true),
  { ...line('seen later', 9), seenMs: 60 },
];

function reader(store: TranscriptStore) {
  const posted: ReplayToScreen[] = [];
  return { posted, reader: new TranscriptReader(store, (message) => posted.push(message)) };
}

const finds = (posted: ReplayToScreen[], id: number) =>
  posted.filter((one): one is Found => one.type === 'found' && one.id === id);

describe('a block of lines', () => {
  it('gives every line back, as it is and after it was bytes', () => {
    for (const block of [packLines(odd), blockOfBytes(blockToBytes(packLines(odd)))])
      expect(odd.map((_, index) => lineAt(block, index))).toEqual(odd);
    expect(lineAt(packLines(odd), odd.length)).toBeNull();
  });
});

describe('a search in a block', () => {
  const search = (text: string, lines = odd) => {
    const hits: Found['hits'] = [];
    const total = searchBlock(packLines(lines), folded(text), 10, {
      wants: () => hits.length < 3,
      take: (hit) => hits.push(hit),
    });
    return { total, hits };
  };

  it('finds lines without regard to case, each once, with every match in it', () => {
    expect(search('GRÜSSE').total).toBe(0);
    expect(search('GRÜßE').hits).toEqual([{ line: 11, atMs: 7, kind: 'command', text: odd[1]?.text, marks: [[0, 5]] }]);
    expect(search('iSTANBUL').hits).toEqual([{ line: 14, atMs: 8, kind: 'line', text: odd[4]?.text, marks: [[0, 8]] }]);
    expect(search('οδοσ').total).toBe(1);
    expect(search('a', [line('Banana'), line('x'), line('A')]).hits.map(({ marks }) => marks)).toEqual([
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      [[0, 1]],
    ]);
  });

  it('finds nothing across lines, and no gap', () => {
    expect(search('plain\ngrüße').total).toBe(0);
    expect(search('first\nsecond').total).toBe(1);
    expect(search('x', [line('x', 0, 'gap')]).total).toBe(0);
  });

  it('counts what it does not give, and shortens around the first match', () => {
    const many = Array.from({ length: 9 }, (_, at) => line(`n ${at}`));
    expect(search('n ', many)).toMatchObject({ total: 9, hits: { length: 3 } });
    const long = `${'😀'.repeat(500)}needle${'y'.repeat(2000)}`;
    const [hit] = search('NEEDLE', [line(long)]).hits;
    expect(hit?.text.length).toBeLessThan(450);
    expect(hit?.text.isWellFormed()).toBe(true);
    expect(hit?.marks.map(([from, to]) => hit.text.slice(from, to))).toEqual(['needle']);
  });
});

describe('a transcript', () => {
  it('is given by line, whatever is kept of it', async () => {
    const lines = Array.from({ length: 5000 }, (_, at) => line(`line ${at} ${(at * 2654435761).toString(36)}`, at));
    const blocks = Array.from({ length: 50 }, (_, at) => lines.slice(at * 100, at * 100 + 100));
    // Room for a few blocks: the others are read again.
    const store = new TranscriptStore(10_000);
    let again = 0;
    for (const block of blocks)
      expect(
        await store.add(block, () => {
          again += 1;
          return Promise.resolve(block);
        }),
      ).toBe(true);
    store.end();
    expect(store.lines).toBe(5000);
    expect(store.keptBytes).toBeLessThan(11_000);
    expect(await store.read(0, 5000, String)).toEqual(lines);
    expect(again).toBeGreaterThan(20);
    expect(await store.read(4990, 500, String)).toEqual(lines.slice(4990));
    expect(await store.read(150, 1, String)).toEqual([lines[150]]);
    expect(await store.read(6000, 10, String)).toEqual([]);
  });

  it('reads again what depends on the sidecars before it, and gives the same', async () => {
    const entries = (from: number): TextEntry[] => [
      { t: from, command: `run ${from}` },
      { t: from + 5, line: `out ${from}` },
      { t: from + 9, line: `$ run ${from - 20}` },
    ];
    const { identity, recipient } = await makeAgeIdentity();
    const stored = await Promise.all(
      Array.from({ length: 12 }, async (_, segment) => {
        const text =
          formatTextHeader({ session: 's', segment }) +
          entries(100 + segment * 10)
            .map(formatTextEntry)
            .join('');
        return ageSeal(await zstdCompress(Buffer.from(text), 3), [recipient]);
      }),
    );
    const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
    const segments = stored.map((bytes, seq) => ({ stream: 'text', seq, t0: 0, sha256: sha256(bytes) }));
    const fetch = (_: string, seq: number) => Promise.resolve(stored[seq] ?? null);
    const gathered = async (atMost: number) => {
      const store = new TranscriptStore(atMost);
      const gather = new Gather({
        manifest: { segments, end: {}, header: {} } as never,
        rest: null,
        identities: { text: identity },
        segments: { fetch } as never,
        fetch,
        quiet: () => Promise.resolve(),
        store,
      });
      await gather.run();
      return { store, lines: await store.read(0, 500, String) };
    };
    const { lines } = await gathered(1_000_000);
    const first = ['out 100', '$ run 80', 'out 110', '$ run 90', 'out 120', 'run 100'];
    expect(lines.slice(0, 6).map(({ text }) => text)).toEqual(first);
    // Room for all but the last ones, for two, for none: from then on nothing is open where one ends, so commands wait no longer than that.
    for (const room of [700, 200, 0]) {
      const { store, lines: again } = await gathered(room);
      expect(store.keptBytes).toBeLessThan(50_000);
      const kinds = (kind: string) => (each: TranscriptLine) => each.kind === kind;
      expect(again.filter(kinds('command')).map(({ text }) => text)).toEqual(
        lines.filter(kinds('command')).map(({ text }) => text),
      );
      expect(again.filter(kinds('gap'))).toEqual([]);
      expect(again.map(({ atMs }) => atMs)).toEqual(again.map(({ atMs }) => atMs).sort((one, other) => one - other));
    }
  });

  it('takes nothing that it could not give again, and says what cannot be read now', async () => {
    const store = new TranscriptStore(0);
    expect(await store.add([line('a')], null)).toBe(false);
    await store.add([line('b')], () => Promise.reject(new Error('cut')));
    const said = [line('no more', 7, 'gap')];
    await store.add(said, () => Promise.resolve(said));
    expect(await store.read(0, 9, (error) => String(error))).toEqual([
      line('Error: cut', 0, 'gap'),
      line('no more', 7, 'gap'),
    ]);
    const { posted, reader: asked } = reader(store);
    store.end();
    await asked.find({ type: 'find', id: 1, text: 'b' });
    expect(finds(posted, 1)).toMatchObject([{ total: 0, finished: true, problem: { code: 'SP-9001' } }]);
  });
});

describe('a search in a transcript', () => {
  it('covers what was gathered by then; asked again, it goes on from there', async () => {
    const store = new TranscriptStore();
    const read = vi.spyOn(store, 'block');
    const add = (...texts: string[]) =>
      store.add(
        texts.map((text) => line(text)),
        null,
      );
    await add('needle 1', 'hay');
    const { posted, reader: asked } = reader(store);
    await asked.find({ type: 'find', id: 4, text: 'Needle' });
    expect(finds(posted, 4)).toMatchObject([{ total: 1, finished: false }]);
    await add('needle 2');
    store.end();
    await asked.find({ type: 'find', id: 5, text: 'needle' });
    expect(finds(posted, 5)).toMatchObject([{ total: 2, finished: true, hits: [{ line: 0 }, { line: 2 }] }]);
    expect(read.mock.calls).toEqual([[0], [1]]);
  });

  it('is cut short by a newer one, and never holds up lines', async () => {
    const store = new TranscriptStore();
    const block = Array.from({ length: 1000 }, (_, at) => line(`hay ${at} needle`));
    for (let at = 0; at < 100; at += 1) await store.add(block, null);
    store.end();
    const { posted, reader: asked } = reader(store);
    const old = asked.find({ type: 'find', id: 1, text: 'needle' });
    await asked.lines({ type: 'lines', id: 2, from: 99_999, count: 5 });
    expect(posted).toMatchObject([{ type: 'lines', id: 2, from: 99_999, total: 100_000, lines: { length: 1 } }]);
    const newer = asked.find({ type: 'find', id: 3, text: 'hay 7 ' });
    await Promise.all([old, newer]);
    expect(finds(posted, 1)).toMatchObject([{ finished: false }]);
    expect(finds(posted, 1)[0]?.total).toBeLessThan(20_000);
    expect(finds(posted, 3).at(-1)).toMatchObject({ total: 100, finished: true });
    await asked.find({ type: 'find', id: 5, text: 'needle' });
    expect(finds(posted, 5).at(-1)).toMatchObject({ total: 100_000, hits: { length: 1000 } });
  });
});

describe('the text of what has no sidecar', () => {
  const event = (atMs: number, code: RecordedEvent['code'], data: string): RecordedEvent => ({
    atMs,
    code,
    data: Buffer.from(data),
  });

  async function gathered(output: RecordedEvent[], input: RecordedEvent[], drawnBytesAtMost?: number) {
    const identities = { output: 'x', input: 'x' };
    const rest = {
      header: { session: 's', terminal: { cols: 40, rows: 5, term: 'xterm' } },
      events: { output, input },
    };
    const gather = new Gather({
      manifest: null,
      rest: rest as never,
      identities,
      segments: new StoredSegments(new Fetcher(() => {}), identities),
      fetch: () => Promise.resolve(null),
      quiet: () => Promise.resolve(),
      ...(drawnBytesAtMost === undefined ? {} : { drawnBytesAtMost }),
    });
    await gather.run();
    return { commands: gather.commands.list, lines: await gather.store.read(0, 500, String) };
  }

  it('is drawn: lines that left the screen and those that stand there, commands with their status', async () => {
    const { commands, lines } = await gathered(
      [
        event(1, 'o', '$ '),
        event(12, 'o', 'ls\r\n'),
        event(20, 'o', Array.from({ length: 6 }, (_, at) => `file ${at}\r\n`).join('')),
        event(30, 'o', '\x1b]133;A\x07$ \x1b]133;B\x07false\r\n\x1b]133;C\x07'),
        event(40, 'o', '\x1b]133;D;1\x07'),
      ],
      [event(10, 'i', 'l'), event(11, 'i', 's\r')],
    );
    expect(commands).toEqual([
      { atMs: 12, command: 'ls', status: null },
      { atMs: 30, command: 'false', status: 1 },
    ]);
    expect(lines.map(({ kind, text }) => `${kind} ${text}`)).toEqual([
      'command ls',
      ...Array.from({ length: 6 }, (_, at) => `line file ${at}`),
      'command false',
    ]);
    expect(lines.map(({ atMs }) => atMs)).toEqual([12, 20, 20, 30, 30, 30, 30, 30]);
  });

  it('stops where it would cost too much, and says so', async () => {
    const output = Array.from({ length: 200 }, (_, at) => event(at, 'o', `line ${at}\r\n`));
    const { lines } = await gathered(output, [], 1000);
    expect(lines.at(-1)).toMatchObject({ kind: 'gap', text: expect.stringContaining('The output is longer') });
    expect(lines.some(({ text }) => text === 'line 90')).toBe(true);
    expect(lines.some(({ text }) => text === 'line 150')).toBe(false);
  });
});
