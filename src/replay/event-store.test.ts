import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventCode, RecordedEvent } from '../shared/record/events.ts';
import { EventStore, parseSize } from './event-store.ts';
import { Timeline } from './timeline.ts';
import { notShown } from './typed-lines.ts';

function event(atMs: number, code: EventCode, data: string): RecordedEvent {
  return { atMs, code, data: Buffer.from(data) };
}

describe('the event store', () => {
  it('gives every event once, whatever the ranges that are read', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(gaps, fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 200 }), (list, perBlock, step) => {
        let atMs = 0;
        const events = list.map((gap, index) => {
          atMs += gap;
          return index % 7 === 3 ? event(atMs, 'r', '90x30') : event(atMs, 'o', `${index};`);
        });
        const store = new EventStore();
        for (let at = 0; at < events.length; at += perBlock) store.add(events.slice(at, at + perBlock));
        const read = [];
        for (let from = 0; from <= atMs; from += step) read.push(...store.read(from, from + step));
        expect(
          read.map((one) =>
            one.code === 'o' ? `${one.atMs} ${Buffer.from(one.data)}` : `${one.atMs} ${one.cols}x${one.rows}`,
          ),
        ).toEqual(events.map((one) => `${one.atMs} ${Buffer.from(one.data)}`));
      }),
    );
  });

  it('hands out copies: a view would send its whole segment through a message port', () => {
    const store = new EventStore();
    store.add([event(1, 'o', 'a'), event(2, 'o', 'b')]);
    for (const one of store.read(0, 10)) expect(one.code === 'o' && one.data.buffer.byteLength).toBe(1);
  });

  it('keeps no more than it may, and says from when', () => {
    const store = new EventStore(1000);
    store.add([event(1, 'o', 'x'.repeat(800))]);
    store.add([event(5, 'o', 'x'.repeat(800))]);
    store.add([event(9, 'o', 'x')]);
    expect([...store.read(0, 100)].map((one) => one.atMs)).toEqual([1]);
    expect(store.fullAtMs).toBe(5);
  });

  it('takes no size that no screen can have', () => {
    expect(parseSize(Buffer.from('80x24'))).toEqual({ cols: 80, rows: 24 });
    expect(parseSize(Buffer.from('0x65535'))).toEqual({ cols: 1, rows: 500 });
    expect(parseSize(Buffer.from('80x24x'))).toBeNull();
  });
});

describe('the timeline', () => {
  it('names typed lines that the target showed, and no password', () => {
    const events = [
      event(10, 'i', 'sudox\x7f ls\r'),
      event(12, 'o', '\x1b[32msu\x1b[0mdo ls\r\n[sudo] password: '),
      event(2000, 'i', 'hunter2\r'),
      event(2010, 'o', '\r\nfile\r\n'),
      event(2020, 'm', '{"kind":"ended","text":"killed"}'),
    ];
    const store = new EventStore();
    const timeline = new Timeline();
    store.add(events);
    timeline.add(events);
    expect(timeline.marks(store)).toEqual([
      { atMs: 10, kind: 'input', text: 'sudo ls' },
      { atMs: 2000, kind: 'input', text: notShown },
      { atMs: 2020, kind: 'marker', text: 'killed' },
    ]);
    expect(timeline.durationMs).toBe(2020);
    const activity = timeline.activity();
    expect(activity.reduce((sum, slice) => sum + slice.input, 0)).toBe(18);
    expect(activity.at(-2)?.output).toBe(8);
  });

  it('counts every byte of a long recording', () => {
    const timeline = new Timeline();
    for (let at = 0; at < 50_000; at += 1) timeline.add([event(at * 100, 'o', 'xy')]);
    const activity = timeline.activity();
    expect(activity.reduce((sum, slice) => sum + slice.output, 0)).toBe(100_000);
    for (const slice of activity) expect(Math.abs(slice.output - 100_000 / 240)).toBeLessThan(10);
  });
});
