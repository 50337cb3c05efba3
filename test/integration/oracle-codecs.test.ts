import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { makeAgeIdentity } from '../../src/recording/codecs/age.ts';
import { createJournal } from '../../src/recording/journal/journal-writer.ts';
import { sealSegment } from '../../src/recording/segments/seal.ts';
import { formatCastEvent, formatCastHeader } from '../../src/recording/text/cast.ts';
import { EventTextEncoder } from '../../src/recording/text/event-text.ts';
import { type EventCode, streamOf } from '../../src/shared/record/events.ts';
import { bytesOf, readSegment, segmentText } from '../oracle/events.ts';
import { readJournal } from '../oracle/journal.ts';

/** What the product's codecs write, whatever it is, the second decoder reads. */
const [output, input] = await Promise.all([makeAgeIdentity(), makeAgeIdentity()]);
const identities = { output: output.identity, input: input.identity };
const recipients = { output: [output.recipient], input: [input.recipient] };

/** Bytes with all kinds of characters, cut characters and strays in them. */
const piece = fc.oneof(
  fc.uint8Array({ maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 8 }).map((text) => new Uint8Array(Buffer.from(text))),
  fc
    .constantFrom('f48fb8', 'e282', 'c080', 'eda080', 'f4908080', 'f48fb880', 'f0')
    .map((hex) => new Uint8Array(Buffer.from(hex, 'hex'))),
);

describe('the second decoder reads what the first codec wrote', () => {
  it('as the text of events, in any split', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const encoder = new EventTextEncoder();
        const texts = [...pieces.map((bytes) => encoder.push(bytes)), encoder.flush()];
        expect(Buffer.concat(texts.map(bytesOf)).equals(Buffer.concat(pieces))).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('as a sealed segment', async () => {
    const event = fc.record({ intervalMs: fc.nat(400_000_000), code: fc.constantFrom('o', 'i'), bytes: piece });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 10 }), async (list) => {
        const header = formatCastHeader({ version: 3, term: { cols: 80, rows: 24, type: 'xterm' }, timestamp: 1 });
        const lines = list.map(({ intervalMs, code, bytes }) => {
          const encoder = new EventTextEncoder();
          return formatCastEvent(intervalMs, code as EventCode, encoder.push(bytes) + encoder.flush());
        });
        const text = Buffer.from(header + lines.join(''));
        const stored = await sealSegment(text, { level: 3, recipients: recipients.output });
        const { events } = readSegment(await segmentText(stored, identities.output));
        let atMs = 0;
        const expected = list.map(({ intervalMs, code, bytes }) => {
          atMs += intervalMs;
          return { atMs, code, data: Buffer.from(bytes) };
        });
        expect(events).toEqual(expected);
      }),
      { numRuns: 25 },
    );
  });

  it('as a journal of several epochs, also when its end was torn off', async () => {
    const step = fc.oneof(
      { weight: 1, arbitrary: fc.constant('keys' as const) },
      {
        weight: 6,
        arbitrary: fc.record({
          code: fc.constantFrom<EventCode>('o', 'i', 'r', 'm', 'x'),
          data: fc.uint8Array({ maxLength: 50 }),
        }),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 15 }), fc.nat(200), async (steps, torn) => {
        const folder = mkdtempSync(join(tmpdir(), 'oracle-journal-'));
        const header = {
          session: 's',
          serverNonce: 'n',
          started: '2026-11-24T08:00:00.000Z',
          monotonicMs: 5,
          terminal: { cols: 80, rows: 24, term: 'xterm' },
        };
        const journal = await createJournal({ folder, header, recipients });
        const frames = [readFileSync(join(folder, 'journal')).length];
        for (const [at, each] of steps.entries()) {
          if (each === 'keys') {
            await vi.waitFor(() => expect(journal.keysAreDue(Number.MAX_SAFE_INTEGER)).toBe(true), { interval: 1 });
            frames.push(journal.changeKeys(at).written);
          } else frames.push(journal.append(each.code, each.data, at).written);
        }
        const { chain } = journal.head();
        journal.close();
        const file = readFileSync(join(folder, 'journal'));
        rmSync(folder, { recursive: true });

        const length = Math.max(frames[0] ?? 0, file.length - torn);
        const ends = frames.map((_, at) => frames.slice(0, at + 1).reduce((sum, frame) => sum + frame, 0));
        const count = ends.filter((end) => end <= length).length - 1;
        const read = await readJournal(file.subarray(0, length), identities);
        for (const stream of ['output', 'input'] as const) {
          const expected = steps
            .slice(0, count)
            .flatMap((each, atMs) =>
              each !== 'keys' && streamOf(each.code) === stream
                ? [{ atMs, code: each.code, data: Buffer.from(each.data) }]
                : [],
            );
          expect(read.events[stream].flatMap(({ events }) => events)).toEqual(expected);
        }
        expect(read.epochs).toBe(steps.slice(0, count).filter((each) => each === 'keys').length);
        if (torn === 0) expect([read.chain, read.torn]).toEqual([chain, 0]);
      }),
      { numRuns: 30 },
    );
  });
});
