import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventCode } from '../../shared/record/events.ts';
import { formatCastEvent, formatCastHeader, formatSegmentComment, parseCast } from './cast.ts';
import { EventTextEncoder } from './event-text.ts';

const header = { version: 3, term: { cols: 80, rows: 24, type: 'xterm' }, timestamp: 1_795_000_000 } as const;

/** Times go on; texts are what an encoder makes of any bytes. */
const events = fc.array(
  fc.record({
    intervalMs: fc.oneof(fc.nat(5), fc.nat(3_600_000), fc.nat(2_000_000_000)),
    code: fc.constantFrom<EventCode>('o', 'i', 'r', 'm', 'x'),
    bytes: fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.string({ unit: 'binary', maxLength: 20 }).map((text) => new Uint8Array(Buffer.from(text))),
    ),
  }),
  { maxLength: 30 },
);

function textOf(code: EventCode, bytes: Uint8Array): string {
  if (code !== 'o' && code !== 'i') return Buffer.from(bytes).toString('utf8');
  const encoder = new EventTextEncoder();
  return encoder.push(bytes) + encoder.flush();
}

describe('the text of a segment', () => {
  it('gives back every event with its time to the millisecond, alone and after what came before', () => {
    fc.assert(
      fc.property(events, fc.nat(1_000_000_000), (list, startMs) => {
        let atMs = 0;
        const wanted = list.map(({ intervalMs, code, bytes }) => {
          atMs += intervalMs;
          const data = code === 'o' || code === 'i' ? Buffer.from(bytes) : Buffer.from(textOf(code, bytes));
          return { atMs, code, data: data.toString('hex') };
        });
        const lines = list.map(({ intervalMs, code, bytes }) => formatCastEvent(intervalMs, code, textOf(code, bytes)));
        for (const line of lines) expect(line.indexOf('\n')).toBe(line.length - 1);
        const seen = (text: string) =>
          parseCast(Buffer.from(text)).events.map(({ data, ...event }) => ({
            ...event,
            data: Buffer.from(data).toString('hex'),
          }));

        expect(seen(formatCastHeader(header) + lines.join(''))).toEqual(
          wanted.map(({ atMs: at, code, data }) => ({ atMs: at, code, data })),
        );
        const comment = formatSegmentComment({ segment: 3, stream: 'output', session: 's', atMs: startMs, offset: 7 });
        expect(seen(comment + lines.join(''))).toEqual(
          wanted.map((event) => ({ ...event, atMs: event.atMs + startMs })),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('is refused with its line when an event is not one', () => {
    const good = formatCastHeader(header);
    for (const line of [
      '[1.000,"o"]',
      '[1.000,"q","x"]',
      '[-1.000,"o","x"]',
      '["1","o","x"]',
      '[1.000,"o",7]',
      '[1.000,"r","1001x24"]',
      '[1.000,"r","80x501"]',
      '[1.000,"r","3000x3000"]',
      '{"o":1}',
      'x',
    ])
      expect(() => parseCast(Buffer.from(`${good}${line}\n`))).toThrow(/Line 2 /);
    expect(() => parseCast(Buffer.from('{"version":2}\n'))).toThrow(/Line 1 /);
    const large = { ...header, term: { ...header.term, cols: 3000 } };
    expect(() => parseCast(Buffer.from(formatCastHeader(large)))).toThrow(/Line 1 /);
    const comment = formatSegmentComment({ segment: 3, stream: 'output', session: 's', atMs: 0, offset: 7 });
    expect(() => parseCast(Buffer.from(`${comment}# kf {"cols":80,"rows":3000,"init":""}\n`))).toThrow(/Line 2 /);
  });
});
