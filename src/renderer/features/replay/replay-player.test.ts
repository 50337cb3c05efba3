import { describe, expect, it } from 'vitest';
import { type PlayerScreen, ReplayPlayer, readEnd } from './replay-player.ts';
import type { EventReader, ReplayEvent, ReplayOpened } from './replay-source.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

function makeOpened(durationMs: number, slices = 10): ReplayOpened {
  return {
    type: 'opened',
    durationMs,
    cols: 80,
    rows: 24,
    checks: [],
    verified: true,
    incomplete: null,
    unlocked: ['output'],
    endReason: null,
    activity: Array.from({ length: slices }, () => ({ output: 10, input: 0 })),
    marks: [],
  };
}

/** A recording in memory, and a screen that keeps what is on it. */
function makeWorld(events: ReplayEvent[], durationMs: number) {
  const reads: [number, number][] = [];
  const reader: EventReader = {
    async read(fromMs, toMs) {
      reads.push([fromMs, toMs]);
      return events.filter((event) => event.atMs >= fromMs && event.atMs < toMs);
    },
  };
  const seen = { text: '', cols: 0, restarts: 0 };
  const screen: PlayerScreen = {
    restart: (cols) => {
      seen.text = '';
      seen.cols = cols;
      seen.restarts += 1;
    },
    resize: (cols) => {
      seen.cols = cols;
    },
    draw: async (data) => {
      seen.text += new TextDecoder().decode(data);
    },
  };
  return { seen, reads, player: new ReplayPlayer(makeOpened(durationMs), reader, screen) };
}

const letters: ReplayEvent[] = [
  { atMs: 0, code: 'o', data: bytes('a') },
  { atMs: 1000, code: 'o', data: bytes('b') },
  { atMs: 1500, code: 'r', cols: 120, rows: 30 },
  { atMs: 2000, code: 'o', data: bytes('c') },
  { atMs: 60_000, code: 'o', data: bytes('d') },
];

/** Lets what the player has begun come to its end. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('the replay player', () => {
  it('draws everything up to a place and nothing after it', async () => {
    const { player, seen } = makeWorld(letters, 60_000);
    await player.seek(1000);
    expect(seen).toMatchObject({ text: 'ab', cols: 80 });
    await player.seek(2000);
    expect(seen).toMatchObject({ text: 'abc', cols: 120, restarts: 1 });
  });

  it('goes back by beginning again, to the same screen', async () => {
    const { player, seen } = makeWorld(letters, 60_000);
    await player.seek(60_000);
    expect(seen.text).toBe('abcd');
    await player.seek(1200);
    expect(seen).toMatchObject({ text: 'ab', cols: 80, restarts: 2 });
  });

  it('lets the newest jump win', async () => {
    const { player, seen, reads } = makeWorld(letters, 60_000);
    void player.seek(60_000);
    void player.seek(500);
    await player.seek(1000);
    expect(seen.text).toBe('ab');
    expect(reads).toHaveLength(1);
    expect(player.state.get()).toMatchObject({ positionMs: 1000, seeking: false });
  });

  it('plays at its speed', async () => {
    const { player, seen } = makeWorld(letters, 60_000);
    player.setSkipIdle(false);
    player.setSpeed(8);
    player.play();
    player.tick(125);
    await settle();
    expect(player.state.get().positionMs).toBe(1000);
    expect(seen.text).toBe('ab');
    player.pause();
    player.tick(125);
    await settle();
    expect(player.state.get().positionMs).toBe(1000);
  });

  it('skips a long pause, and stops at the end', async () => {
    const { player, seen } = makeWorld(letters, 90_000);
    await player.seek(2000);
    player.play();
    player.tick(100);
    await settle();
    expect(player.state.get().positionMs).toBe(60_000 - 300);
    for (let step = 0; step < 4; step += 1) {
      player.tick(200);
      await settle();
    }
    expect(seen.text).toBe('abcd');
    expect(player.state.get()).toMatchObject({ positionMs: 90_000, playing: false });
  });

  it('reads a recording once, whatever it has drawn', async () => {
    const { player, reads } = makeWorld(letters, 60_000);
    await player.seek(60_000);
    const covered = reads.reduce((at, [from, to]) => (from === at ? to : Number.NaN), 0);
    expect(covered).toBe(60_001);
  });
});

describe('readEnd', () => {
  it('asks for less where there is more', () => {
    const quiet = makeOpened(60_000);
    expect(readEnd(quiet, 0)).toBe(60_001);
    const flood = { ...quiet, activity: quiet.activity.map(() => ({ output: 100_000_000, input: 0 })) };
    expect(readEnd(flood, 0)).toBe(60);
    expect(readEnd({ durationMs: 0, activity: [] }, 0)).toBe(1);
  });
});
