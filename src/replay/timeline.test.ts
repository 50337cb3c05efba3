import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventCode, RecordedEvent } from '../shared/record/events.ts';
import { PartStore } from './part-store.ts';
import { eventsOf, pack, parseSize } from './parts.ts';
import { Timeline } from './timeline.ts';
import { notShown } from './typed-lines.ts';

function event(atMs: number, code: EventCode, data: string): RecordedEvent {
  return { atMs, code, data: Buffer.from(data) };
}

/** One part that holds these events. */
function storeOf(events: RecordedEvent[]): PartStore {
  const t1 = events.at(-1)?.atMs ?? 0;
  const loaded = { block: pack(events), start: null, fault: null };
  return new PartStore([{ t0: events[0]?.atMs ?? 0, t1, load: () => Promise.resolve(loaded) }]);
}

describe('packed events', () => {
  it('come out as they went in, in any ranges', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(gaps, fc.integer({ min: 1, max: 200 }), (list, step) => {
        let atMs = 0;
        const events = list.map((gap, index) => {
          atMs += gap;
          return index % 7 === 3 ? event(atMs, 'r', '90x30') : event(atMs, 'o', `${index};`);
        });
        const block = pack(events);
        const read = [];
        for (let from = 0; from <= atMs; from += step) read.push(...eventsOf(block, from, from + step));
        expect(
          read.map((one) =>
            one.code === 'o' ? `${one.atMs} ${Buffer.from(one.data)}` : `${one.atMs} ${one.cols}x${one.rows}`,
          ),
        ).toEqual(events.map((one) => `${one.atMs} ${Buffer.from(one.data)}`));
      }),
    );
  });

  it('are handed out as copies: a view would send its whole part through a message port', () => {
    for (const one of eventsOf(pack([event(1, 'o', 'a'), event(2, 'o', 'b')])))
      expect(one.code === 'o' && one.data.buffer.byteLength).toBe(1);
  });

  it('take no size that no screen can have', () => {
    expect(parseSize(Buffer.from('80x24'))).toEqual({ cols: 80, rows: 24 });
    expect(parseSize(Buffer.from('0x65535'))).toEqual({ cols: 1, rows: 500 });
    expect(parseSize(Buffer.from('80x24x'))).toBeNull();
  });
});

describe('the timeline', () => {
  it('names typed lines that the target showed, and no password', async () => {
    const events = [
      event(10, 'i', 'sudox\x7f ls\r'),
      event(12, 'o', '\x1b[32msu\x1b[0mdo ls\r\n[sudo] password: '),
      event(2000, 'i', 'hunter2\r'),
      event(2010, 'o', '\r\nfile\r\n'),
      event(2020, 'm', '{"kind":"ended","text":"killed"}'),
    ];
    const timeline = new Timeline(2020);
    timeline.add(events);
    expect(await timeline.allMarks(storeOf(events))).toEqual([
      { atMs: 10, kind: 'input', text: 'sudo ls' },
      { atMs: 2000, kind: 'input', text: notShown },
      { atMs: 2020, kind: 'marker', text: 'killed', marker: 'ended' },
    ]);
    expect(timeline.marks()).toEqual([{ atMs: 2020, kind: 'marker', text: 'killed', marker: 'ended' }]);
    const activity = timeline.activity();
    expect(activity.reduce((sum, slice) => sum + slice.input, 0)).toBe(18);
    expect(activity.at(-2)?.output).toBe(8);
  });

  it('counts every byte of a long recording', () => {
    const timeline = new Timeline(5_000_000);
    for (let at = 0; at < 50_000; at += 1) timeline.add([event(at * 100, 'o', 'xy')]);
    const activity = timeline.activity();
    expect(activity.reduce((sum, slice) => sum + slice.output, 0)).toBe(100_000);
    for (const slice of activity) expect(Math.abs(slice.output - 100_000 / 240)).toBeLessThan(10);
  });

  it('shows about what a segment may hold until it was read, and then what it held', () => {
    const timeline = new Timeline(1000);
    const segment = { stream: 'output', t0: 0, t1: 500, storedBytes: 1000 } as const;
    timeline.expect(segment);
    const expected = timeline.activity();
    expect(expected[10]?.output).toBeGreaterThan(0);
    expect(expected[200]?.output).toBe(0);
    timeline.settle(segment);
    timeline.add([event(400, 'o', 'x'.repeat(70))]);
    expect(timeline.activity().reduce((sum, slice) => sum + slice.output, 0)).toBe(70);
  });
});
