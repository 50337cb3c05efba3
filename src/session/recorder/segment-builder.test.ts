import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCast } from '../../recording/text/cast.ts';
import {
  segmentMs,
  segmentTextBytes,
  segmentTextBytesAtMost,
  zstdFloodLevel,
  zstdLevel,
} from '../../shared/record/segments.ts';
import { type CutSegment, SegmentBuilder } from './segment-builder.ts';

const header = { version: 3, term: { cols: 80, rows: 24, type: 'xterm' }, timestamp: 1 } as const;

function makeBuilder(stream: 'output' | 'input' = 'output'): SegmentBuilder {
  return new SegmentBuilder({ stream, session: 's1', header });
}

function textOf(segment: CutSegment | null): Buffer {
  return Buffer.concat(segment?.text ?? []);
}

describe('a segment', () => {
  it('is due at its size, but not inside an escape sequence or a character', () => {
    const builder = makeBuilder();
    builder.bytes('o', Buffer.alloc(segmentTextBytes - 1000, 0x61), 1);
    expect(builder.due(1)).toBeNull();
    builder.bytes('o', Buffer.from(`${'b'.repeat(2000)}\x1b[3`), 2);
    expect(builder.due(2)).toBeNull();
    builder.bytes('o', Buffer.from('1m'), 3);
    expect(builder.due(3)).toBe('size');
    builder.bytes('o', Buffer.from([0xe2, 0x82]), 4);
    expect(builder.due(4)).toBeNull();
    builder.bytes('o', Buffer.from([0xac]), 5);
    expect(builder.due(5)).toBe('size');
  });

  it('is cut at its upper bound all the same, and the bytes of the cut character are kept', () => {
    const builder = makeBuilder();
    builder.bytes(
      'o',
      Buffer.concat([Buffer.from('\x1b]0;'), Buffer.alloc(segmentTextBytesAtMost, 0x61), Buffer.from([0xe2, 0x82])]),
      1,
    );
    expect(builder.due(1)).toBe('forced');
    const first = builder.cut({ why: 'forced', frames: 1, nowMs: 1 });
    builder.bytes('o', Buffer.from([0xac]), 2);
    const second = builder.cut({ why: 'end', frames: 2, nowMs: 2 });
    const data = [first, second].flatMap((segment) => parseCast(textOf(segment)).events.map((event) => event.data));
    expect(Buffer.concat(data).subarray(-3)).toEqual(Buffer.from([0xe2, 0x82, 0xac]));
  });

  it('is due after its time, counted from its first event', () => {
    const builder = makeBuilder();
    expect(builder.due(segmentMs * 2)).toBeNull();
    builder.bytes('o', Buffer.from('a'), 1000);
    expect(builder.due(segmentMs + 999)).toBeNull();
    expect(builder.due(segmentMs + 1000)).toBe('time');
  });

  it('keeps input that was never typed as no segment, and an empty output as its header', () => {
    expect(makeBuilder('input').cut({ why: 'end', frames: 0, nowMs: 5 })).toBeNull();
    const cut = makeBuilder().cut({ why: 'end', frames: 0, nowMs: 5 });
    expect(cut).toMatchObject({ seq: 0, t0: 0, t1: 0, events: {} });
    expect(parseCast(textOf(cut)).header).toEqual(header);
  });

  it('tells of what was typed by the events that it keeps: a cut character comes with its last byte', () => {
    const typed: [string, number][] = [];
    const onTyped = (data: Uint8Array, atMs: number) => typed.push([Buffer.from(data).toString('utf8'), atMs]);
    const builder = new SegmentBuilder({ stream: 'input', session: 's1', header, onTyped });
    builder.bytes('i', Buffer.from([0xe2, 0x82]), 1);
    expect(typed).toEqual([]);
    builder.bytes('i', Buffer.from([0xac, 0x0d]), 5);
    builder.bytes('i', Buffer.from([0xe2]), 6);
    const cut = builder.cut({ why: 'keys', frames: 0, nowMs: 9 });
    expect(typed).toEqual(parseCast(textOf(cut)).events.map(({ data, atMs }) => [Buffer.from(data).toString(), atMs]));
    expect(typed.map(([, atMs]) => atMs)).toEqual([5, 9]);
  });

  it('keeps no more keys than count, however many are typed while nothing is shown', () => {
    const builder = makeBuilder();
    builder.bytes('o', Buffer.from('$ '), 1);
    for (let at = 0; at < 1000; at += 1) builder.typed(1_000_000, 1);
    for (let at = 0; at < 1000; at += 1) builder.typed(0, 2 + at);
    builder.bytes('o', Buffer.from('x'), 5000);
    builder.typed(1, 5000);
    const followed = builder.cut({ why: 'end', frames: 0, nowMs: 5000 })?.followed ?? [];
    expect(followed.filter(({ code }) => code === 'i')).toHaveLength(201);
    expect(Math.max(...followed.map(({ data }) => data.length))).toBe(100);
  });

  it('is packed harder when it came slowly', () => {
    const slow = makeBuilder();
    slow.bytes('o', Buffer.alloc(300_000, 0x61), 0);
    expect(slow.cut({ why: 'size', frames: 1, nowMs: 1000 })?.level).toBe(zstdLevel);
    const fast = makeBuilder();
    fast.bytes('o', Buffer.alloc(300_000, 0x61), 0);
    expect(fast.cut({ why: 'size', frames: 1, nowMs: 20 })?.level).toBe(zstdFloodLevel);
  });

  it('gives back every byte and every time to the millisecond, in one text or in many', () => {
    const event = fc.record({
      gap: fc.integer({ min: 0, max: 70_000 }),
      data: fc.uint8Array({ maxLength: 8 }),
      cut: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        const builder = makeBuilder();
        const segments: (CutSegment | null)[] = [];
        const sent: { atMs: number; data: Uint8Array }[] = [];
        let atMs = 0;
        for (const { gap, data, cut } of events) {
          atMs += gap;
          sent.push({ atMs, data });
          builder.bytes('o', data, atMs);
          if (cut && builder.due(atMs + segmentMs) === 'time')
            segments.push(builder.cut({ why: 'time', frames: 0, nowMs: atMs }));
        }
        builder.fact('x', '0', atMs);
        segments.push(builder.cut({ why: 'end', frames: 0, nowMs: atMs }));
        // Alone, each segment says its own start; together they are one asciicast.
        const apart = segments.flatMap((segment) => parseCast(textOf(segment)).events);
        const joined = parseCast(Buffer.concat(segments.map(textOf))).events;
        expect(joined).toEqual(apart);
        expect(Buffer.concat(apart.flatMap((one) => (one.code === 'o' ? [one.data] : [])))).toEqual(
          Buffer.concat(sent.map((one) => one.data)),
        );
        expect(apart.at(-1)).toMatchObject({ code: 'x', atMs });
        for (const one of apart) expect(one.code === 'x' || sent.some(({ atMs: at }) => at === one.atMs)).toBe(true);
      }),
    );
  });
});
