import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { SegmentBuilder } from './segment-builder.ts';
import { SegmentScreen } from './segment-screen.ts';

const size = { cols: 250, rows: 70 };

/** Segments of one event each, at these times. */
function segmentsOf(data: string, times: number[]) {
  const header = { version: 3, term: { ...size, type: 'xterm' }, timestamp: 1 } as const;
  const builder = new SegmentBuilder({ stream: 'output', session: 's', header });
  return times.map((atMs) => {
    builder.bytes('o', Buffer.from(data), atMs);
    const segment = builder.cut({ why: 'size', frames: 1, nowMs: atMs });
    if (segment === null) throw new Error('nothing to cut');
    return segment;
  });
}

describe('the screen beside a session', () => {
  it('gives way within one event, however much of the screen that draws', async () => {
    const [segment] = segmentsOf('a\x1b[99999b'.repeat(7000), [1]);
    if (segment === undefined) throw new Error('no segment');
    let turns = 0;
    let isDone = false;
    const drawn = new SegmentScreen({ session: 's', size }).follow(segment, { text: true }).then(() => {
      isDone = true;
    });
    while (!isDone) {
      await setImmediate();
      turns += 1;
    }
    await drawn;
    expect(turns).toBeGreaterThan(20);
  });

  it('has a keyframe now and then under a flood, not for each segment', async () => {
    const screen = new SegmentScreen({ session: 's', size });
    const keyframes: boolean[] = [];
    for (const segment of segmentsOf('x\r\n', [0, 50, 1200, 1250, 2000, 2500]))
      keyframes.push((await screen.follow(segment, { text: true })).keyframe !== null);
    expect(keyframes).toEqual([false, false, true, false, false, true]);
  });
});
