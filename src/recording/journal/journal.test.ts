import { closeSync, mkdtempSync, openSync, readFileSync, readSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { tagBytes } from '../../shared/record/journal.ts';
import { makeAgeIdentity } from '../codecs/age.ts';
import { openFrame, sealFrame } from './frame.ts';
import { createJournal, type JournalWriter, recordWriteFailed } from './journal-writer.ts';
import { readJournal } from './read-journal.ts';

const output = await makeAgeIdentity();
const input = await makeAgeIdentity();
const identities = { output: output.identity, input: input.identity };

const facts = {
  header: {
    session: 's1',
    serverNonce: 'n1',
    started: '2026-11-24T08:00:00.000Z',
    monotonicMs: 5,
    terminal: { cols: 80, rows: 24, term: 'xterm' },
  },
  recipients: { output: [output.recipient], input: [input.recipient] },
};

/** A journal of 6 frames, its bytes, and where each frame begins. */
async function write(): Promise<{ bytes: Buffer; starts: number[]; chain: string; folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'journal-'));
  const journal = await createJournal({ folder, ...facts });
  const size = () => readFileSync(join(folder, 'journal')).length;
  const starts: number[] = [];
  const add = (...event: Parameters<JournalWriter['append']>) => {
    starts.push(size());
    journal.append(...event);
  };
  add('o', Buffer.from('login: '), 1);
  add('i', Buffer.from('mira\r'), 20);
  add('r', Buffer.from('100x30'), 21);
  add('o', Buffer.from([0xff, 0x00, 0x1b]), 22);
  add('i', Buffer.from('secret\r'), 30);
  add('x', Buffer.from('0'), 40);
  await journal.sync();
  const { chain } = journal.head();
  journal.close();
  return { bytes: readFileSync(join(folder, 'journal')), starts, chain, folder };
}

describe('a record that fails', () => {
  it('says so in words of the disk where the disk failed, and in others where the program did', () => {
    const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });
    expect(recordWriteFailed(full)).toMatchObject({
      message: expect.stringMatching(/the disk is full.*Free space/),
      facts: { fault: 'ENOSPC' },
    });
    for (const error of [new TypeError('x is not a function'), Object.assign(new Error('bad'), { code: 'ERR_ZSTD' })])
      expect(recordWriteFailed(error)).toMatchObject({
        message: expect.not.stringMatching(/file system|[Ff]ree space/),
        facts: { fault: 'program' },
      });
  });
});

describe('a journal', () => {
  let journal: Awaited<ReturnType<typeof write>>;
  beforeAll(async () => {
    journal = await write();
  });

  it('gives back its events, offsets and chain', async () => {
    const read = await readJournal(journal.bytes, identities);
    expect(read.events.output.map((event) => [event.atMs, event.code, event.data.toString()])).toEqual([
      [1, 'o', 'login: '],
      [21, 'r', '100x30'],
      [22, 'o', Buffer.from([0xff, 0x00, 0x1b]).toString()],
      [40, 'x', '0'],
    ]);
    expect(read.events.input.map((event) => event.data.toString())).toEqual(['mira\r', 'secret\r']);
    expect(read).toMatchObject({
      bytes: { output: 10, input: 12 },
      frames: { output: 4, input: 2 },
      chain: journal.chain,
      broke: null,
    });
    expect(read.header.session).toBe('s1');
  });

  it('leaves the stream shut whose key is not there, and starts where it is told', async () => {
    const read = await readJournal(journal.bytes, { output: output.identity }, { output: 3 });
    expect(read.events.output.map((event) => event.code)).toEqual(['x']);
    expect(read.events.input).toEqual([]);
    expect(read).toMatchObject({ frames: { output: 4, input: 2 }, chain: journal.chain });
    await expect(readJournal(journal.bytes, { output: input.identity })).rejects.toMatchObject({ code: 'SP-3030' });
  });

  it('is good up to a torn end, wherever it was torn', async () => {
    const { bytes, starts } = journal;
    for (let length = starts[0]!; length < bytes.length; length += 1) {
      const whole = starts.filter(
        (start, index) => (starts[index + 1] ?? bytes.length) <= length && start < length,
      ).length;
      const read = await readJournal(bytes.subarray(0, length), identities);
      expect(read.frames.output + read.frames.input).toBe(whole);
      if (starts.includes(length)) expect(read.broke).toBeNull();
      else expect(read.broke).toMatchObject({ kind: 'torn', at: starts[whole] });
    }
    const zeros = await readJournal(Buffer.concat([bytes, Buffer.alloc(500)]), identities);
    expect(zeros).toMatchObject({ chain: journal.chain, broke: { kind: 'torn', at: bytes.length } });
  });

  it('stops at the frame in which any bit was changed', async () => {
    const { bytes, starts } = journal;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: starts[0]!, max: bytes.length - 1 }),
        fc.integer({ min: 0, max: 7 }),
        async (at, bit) => {
          const changed = Buffer.from(bytes);
          changed[at] = changed[at]! ^ (1 << bit);
          const read = await readJournal(changed, identities);
          const frame = starts.findLast((start) => start <= at)!;
          // A stretched length runs over the end of the file and looks like a torn one; the place is the same.
          expect(read.broke?.at).toBe(frame);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('stops where a frame was removed, doubled or swapped', async () => {
    const { bytes, starts } = journal;
    const frame = (index: number) => bytes.subarray(starts[index], starts[index + 1] ?? bytes.length);
    const header = bytes.subarray(0, starts[0]);
    const of = (...order: number[]) => readJournal(Buffer.concat([header, ...order.map(frame)]), identities);
    expect((await of(0, 1, 3, 4, 5)).broke).toMatchObject({ kind: 'damaged' });
    expect((await of(0, 0, 1, 2)).broke).toMatchObject({ kind: 'damaged' });
    expect((await of(2, 0, 1, 3)).broke).toMatchObject({ kind: 'damaged', at: starts[0] });
  });

  it('never holds in clear what was typed or shown', () => {
    expect(journal.bytes.includes('secret')).toBe(false);
    expect(journal.bytes.includes('login')).toBe(false);
  });

  it('is not made where there is one already', async () => {
    await expect(createJournal({ folder: journal.folder, ...facts })).rejects.toMatchObject({ code: 'SP-3011' });
  });

  it('takes nothing more after a write that failed', async () => {
    const writer = await createJournal({ folder: mkdtempSync(join(tmpdir(), 'journal-')), ...facts });
    const fd: unknown = Reflect.get(writer, 'fd');
    const head = writer.head();
    // The descriptor now is one that cannot be written to: the way a file system fails, without a fake.
    const readable = openSync('/dev/null', 'r');
    Reflect.set(writer, 'fd', readable);
    expect(() => writer.append('o', Buffer.from('x'), 1)).toThrow(expect.objectContaining({ code: 'SP-3011' }));
    Reflect.set(writer, 'fd', fd);
    expect(() => writer.append('o', Buffer.from('y'), 2)).toThrow(expect.objectContaining({ code: 'SP-3011' }));
    await expect(writer.sync()).rejects.toMatchObject({ code: 'SP-3011' });
    expect(writer.head()).toEqual(head);
    expect(readSync(readable, Buffer.alloc(1))).toBe(0);
    closeSync(readable);
    writer.close();
  });
});

describe('a frame', () => {
  const frameKey = { key: Buffer.alloc(32, 7), headerHash: Buffer.alloc(32, 9) };
  const make = (number: number) =>
    sealFrame(frameKey, { stream: 'output', number, end: 3, atMs: 4, code: 'o', data: Buffer.from('abc') });

  it('opens only at its own number', () => {
    const body = make(5).subarray(4);
    expect(openFrame(frameKey, 5, body)).toEqual([{ atMs: 4, code: 'o', data: Buffer.from('abc') }]);
    expect(() => openFrame(frameKey, 6, body)).toThrow();
    expect(() => openFrame({ ...frameKey, headerHash: Buffer.alloc(32) }, 5, body)).toThrow();
  });

  it('has the layout of the documentation', () => {
    const frame = make(0);
    expect(frame.readUInt32BE(0)).toBe(frame.length - 4);
    expect(frame.subarray(4, 13).toString('hex')).toBe('000000000000000003');
    expect(frame.length).toBe(4 + 9 + 13 + 3 + tagBytes);
  });
});
