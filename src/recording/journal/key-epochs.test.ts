import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Stream } from '../../shared/model/recording.ts';
import { type EventCode, streamOf } from '../../shared/record/events.ts';
import { epochMs, keysNumber, lengthBytes } from '../../shared/record/journal.ts';
import { parseKeysFrame } from '../../shared/record/journal-scan.ts';
import { ageOpen, ageSeal, makeAgeIdentity } from '../codecs/age.ts';
import { openFrame, sealFrame } from './frame.ts';
import { createJournal, type JournalWriter } from './journal-writer.ts';
import { formatKeysFrame } from './keys-frame.ts';
import { type JournalContents, readJournal } from './read-journal.ts';

const [output, input, stranger] = await Promise.all([makeAgeIdentity(), makeAgeIdentity(), makeAgeIdentity()]);
const identities = { output: output.identity, input: input.identity };
const recipients = { output: [output.recipient], input: [input.recipient] };
const terminal = { cols: 80, rows: 24, term: 'xterm' };
const header = { session: 's1', serverNonce: 'n1', started: '2026-11-24T08:00:00.000Z', monotonicMs: 5, terminal };

type Step = { code: EventCode; data: Uint8Array } | 'keys';

interface Written {
  bytes: Buffer;
  /** Where each frame begins, and the file's end. */
  starts: number[];
  head: ReturnType<JournalWriter['head']>;
}

/** A journal of these steps; `atMs` is the step's number. */
async function write(steps: readonly Step[]): Promise<Written> {
  const folder = mkdtempSync(join(tmpdir(), 'epochs-'));
  const journal = await createJournal({ folder, header, recipients });
  const file = () => readFileSync(join(folder, 'journal'));
  let size = file().length;
  const starts = [size];
  for (const [index, step] of steps.entries()) {
    if (step === 'keys') {
      await vi.waitFor(() => expect(journal.keysAreDue(Number.MAX_SAFE_INTEGER)).toBe(true), { interval: 1 });
      size += journal.changeKeys(index).written;
    } else size += journal.append(step.code, step.data, index).written;
    starts.push(size);
  }
  const head = journal.head();
  journal.close();
  const bytes = file();
  rmSync(folder, { recursive: true });
  return { bytes, starts, head };
}

function textsOf(contents: JournalContents, stream: Stream): string[] {
  return contents.events[stream].map(({ atMs, code, data }) => `${atMs} ${code} ${Buffer.from(data).toString('hex')}`);
}

function expected(steps: readonly Step[], stream: Stream, from = 0): string[] {
  return steps.flatMap((step, index) =>
    step !== 'keys' && index >= from && streamOf(step.code) === stream
      ? [`${index} ${step.code} ${Buffer.from(step.data).toString('hex')}`]
      : [],
  );
}

const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: fc.constant('keys' as const) },
  {
    weight: 4,
    arbitrary: fc.record({ code: fc.constantFrom('o', 'i', 'r', 'm', 'x'), data: fc.uint8Array({ maxLength: 40 }) }),
  },
);

describe('the epochs of a journal', () => {
  const o = (text: string): Step => ({ code: 'o', data: Buffer.from(text) });
  const i = (text: string): Step => ({ code: 'i', data: Buffer.from(text) });
  const steps: Step[] = [o('one'), i('typed'), 'keys', o('two'), i('again'), o('three'), 'keys', o('four')];
  let written: Written;
  beforeAll(async () => {
    written = await write(steps);
  });

  it('give back every event, however often the keys changed, also to a reader of one stream', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(stepArbitrary, { maxLength: 12 }), async (any) => {
        const { bytes, head } = await write(any);
        const read = await readJournal(bytes, identities);
        for (const stream of ['output', 'input'] as const) {
          expect(textsOf(read, stream)).toEqual(expected(any, stream));
          const one = await readJournal(bytes, { [stream]: identities[stream] });
          expect(textsOf(one, stream)).toEqual(expected(any, stream));
          expect(one).toMatchObject({ frames: read.frames, chain: head.chain, broke: null });
        }
        expect(read).toMatchObject({ chain: head.chain, broke: null, epoch: any.filter((s) => s === 'keys').length });
        expect(read.frames.output + read.frames.input).toBe(head.frames);
        expect(read.bytes).toEqual({ output: head.outputBytes, input: head.inputBytes });
      }),
      { numRuns: 12 },
    );
  });

  it('open nothing of each other: the nonces begin anew, so the keys must be others', async () => {
    const { bytes, starts } = written;
    const at = (index: number) => bytes.subarray(starts[index]! + lengthBytes, starts[index + 1]);
    const line = bytes.subarray(0, starts[0]);
    const headerHash = createHash('sha256').update(line).digest();
    const sealed = [
      JSON.parse(line.toString()).keys.output as string,
      parseKeysFrame(at(2))!.facts.keys.output,
      parseKeysFrame(at(6))!.facts.keys.output,
    ];
    const keys = await Promise.all(sealed.map((key) => ageOpen(Buffer.from(key, 'base64'), output.identity)));
    // The first output frame of each epoch, all under nonce 0.
    for (const [epoch, frame] of [0, 3, 7].entries())
      for (const [other, key] of keys.entries()) {
        const open = () => openFrame({ key, headerHash }, 0, at(frame));
        if (other === epoch) expect(open()).toHaveLength(1);
        else expect(open).toThrow();
      }
  });

  it('let a reader begin at any of them when it says so, and at none when it does not', async () => {
    const { bytes, starts, head } = written;
    for (const index of [2, 6]) {
      const tail = Buffer.concat([bytes.subarray(0, starts[0]), bytes.subarray(starts[index])]);
      const read = await readJournal(tail, identities, {}, { beginsLater: true });
      expect(textsOf(read, 'output')).toEqual(expected(steps, 'output', index));
      expect(textsOf(read, 'input')).toEqual(expected(steps, 'input', index));
      expect(read).toMatchObject({ frames: { output: 4, input: 2 }, chain: head.chain, broke: null });
      expect(read.starts.output).toBe(index === 2 ? 1 : 3);
      expect((await readJournal(tail, identities)).broke).toMatchObject({ kind: 'damaged', at: starts[0] });
    }
  });

  it('stop at the frame of keys in which any bit was changed, for whoever has a key', async () => {
    const { bytes, starts } = written;
    const bits = fc.tuple(fc.constantFrom(2, 6), fc.nat(), fc.nat(7));
    await fc.assert(
      fc.asyncProperty(bits, async ([frame, where, bit]) => {
        const from = starts[frame]!;
        const changed = Buffer.from(bytes);
        const at = from + (where % (starts[frame + 1]! - from));
        changed[at] = changed[at]! ^ (1 << bit);
        expect((await readJournal(changed, identities)).broke?.at).toBe(from);
      }),
      { numRuns: 100 },
    );
  });

  it('cannot be taken over by who can write the file but has no key', async () => {
    const { bytes, starts } = written;
    const headerHash = createHash('sha256').update(bytes.subarray(0, starts[0])).digest();
    const { facts, epoch } = parseKeysFrame(bytes.subarray(starts[2]! + lengthBytes, starts[3]))!;
    const key = Buffer.alloc(32, 1);

    const seal = async (to: string) => Buffer.from(await ageSeal(key, [to])).toString('base64');
    const keys = { output: await seal(output.recipient), input: await seal(input.recipient) };
    const own = { key, frames: 0 };
    const forged = formatKeysFrame({
      headerHash,
      epoch,
      facts: { ...facts, keys },
      ending: { output: own, input: own },
    });
    const event = { stream: 'output', number: 0, end: 6, atMs: 9, code: 'o', data: Buffer.from('lie') } as const;
    const lie = sealFrame({ key, headerHash }, event);
    const file = Buffer.concat([bytes.subarray(0, starts[2]), forged, lie]);
    const read = await readJournal(file, identities);
    expect(read.broke).toMatchObject({ kind: 'damaged', at: starts[2] });
    expect(textsOf(read, 'output')).toEqual(expected(steps.slice(0, 2), 'output'));
  });

  it('are over after a minute or very many frames, not before, and need a reader that can open them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'epochs-'));
    const journal = await createJournal({ folder, header, recipients });
    await vi.waitFor(() => expect(journal.keysAreDue(epochMs)).toBe(true), { interval: 1 });
    expect(journal.keysAreDue(epochMs - 1)).toBe(false);
    journal.changeKeys(epochMs);
    // The next keys are being sealed.
    expect(journal.keysAreDue(10 * epochMs)).toBe(false);
    expect(() => journal.changeKeys(10 * epochMs)).toThrow(expect.objectContaining({ code: 'SP-3011' }));
    await vi.waitFor(() => expect(journal.keysAreDue(2 * epochMs)).toBe(true), { interval: 1 });
    expect(journal.keysAreDue(2 * epochMs - 1)).toBe(false);
    journal.close();
    const bytes = readFileSync(join(folder, 'journal'));
    expect(bytes.includes(`{"frames":{"output":0,"input":0}`)).toBe(true);
    expect(bytes[bytes.indexOf('{"frames"') - 9]).toBe(keysNumber);
    rmSync(folder, { recursive: true });
    await expect(readJournal(bytes, { output: stranger.identity })).rejects.toMatchObject({ code: 'SP-3030' });
  });
});
