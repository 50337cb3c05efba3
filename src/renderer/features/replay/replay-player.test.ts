import { describe, expect, it } from 'vitest';
import { type PlayerScreen, ReplayPlayer } from './replay-player.ts';
import type { PartReader, ReadPart, ReplayEvent, ReplayOpened } from './replay-source.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

type PartOf = Partial<ReadPart> & { t0: number; t1: number; events: ReplayEvent[] };

/** A recording in memory, and a screen that keeps what is on it. */
function makeWorld(list: PartOf[], durationMs: number) {
  const opened: ReplayOpened = {
    type: 'opened',
    durationMs,
    cols: 80,
    rows: 24,
    incomplete: null,
    unlocked: ['output'],
    endReason: null,
    parts: list.map(({ t0, t1 }) => ({ t0, t1 })),
  };
  const asked: string[] = [];
  const give = (part: number): ReadPart => ({
    part,
    start: part === 0 ? { cols: 80, rows: 24, init: null } : (list[part]?.start ?? null),
    fault: list[part]?.fault ?? null,
    events: list[part]?.events ?? [],
  });
  const reader: PartReader = {
    async seek(toMs) {
      const part = Math.max(
        0,
        list.findLastIndex((each) => each.t0 <= toMs && each.fault == null),
      );
      asked.push(`seek ${part}`);
      return give(part);
    },
    async read(part) {
      asked.push(`read ${part}`);
      return give(part);
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
  return { seen, asked, player: new ReplayPlayer(opened, reader, screen) };
}

const letters: PartOf[] = [
  {
    t0: 0,
    t1: 60_000,
    events: [
      { atMs: 0, code: 'o', data: bytes('a') },
      { atMs: 1000, code: 'o', data: bytes('b') },
      { atMs: 1500, code: 'r', cols: 120, rows: 30 },
      { atMs: 2000, code: 'o', data: bytes('c') },
      { atMs: 60_000, code: 'o', data: bytes('d') },
    ],
  },
];

/** Ten parts of a second, an hour in all; each begins with the screen that was there. */
const hours: PartOf[] = Array.from({ length: 10 }, (_, index) => ({
  t0: index * 360_000,
  t1: index * 360_000 + 1000,
  start: { cols: 100 + index, rows: 30, init: bytes(`(${index})`) },
  events: [
    { atMs: index * 360_000, code: 'o', data: bytes(`${index}a`) },
    { atMs: index * 360_000 + 1000, code: 'o', data: bytes(`${index}b`) },
  ],
}));

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
    const { player, seen, asked } = makeWorld(letters, 60_000);
    void player.seek(60_000);
    void player.seek(500);
    await player.seek(1000);
    expect(seen.text).toBe('ab');
    expect(asked).toEqual(['seek 0']);
    expect(player.state.get()).toMatchObject({ positionMs: 1000, seeking: false });
  });

  it('jumps far by one part, whose start draws the screen', async () => {
    const { player, seen, asked } = makeWorld(hours, 3_600_000);
    await player.seek(7 * 360_000 + 500);
    expect(seen).toMatchObject({ text: '(7)7a', cols: 107 });
    await player.seek(2 * 360_000 + 5000);
    expect(seen).toMatchObject({ text: '(2)2a2b', cols: 102 });
    await player.seek(8 * 360_000);
    expect(seen).toMatchObject({ text: '(8)8a', cols: 108 });
    expect(asked).toEqual(['seek 7', 'seek 2', 'seek 8']);
  });

  it('plays on into the next part, and keeps what was there', async () => {
    const { player, seen, asked } = makeWorld(hours, 3_600_000);
    await player.seek(360_000 - 100);
    await player.seek(360_000 + 500);
    expect(seen.text).toBe('0a0b1a');
    expect(asked).toEqual(['seek 0', 'read 1']);
  });

  it('says that a part is not shown, and goes on with the next one from its own start', async () => {
    const bad = hours.map((part, index) =>
      index === 1 ? { ...part, start: null, events: [], fault: 'output segment 1 is not shown' } : part,
    );
    const { player, seen } = makeWorld(bad, 3_600_000);
    await player.seek(360_000 + 500);
    expect(seen.text).toBe('0a0b');
    expect(player.state.get().fault).toBe('output segment 1 is not shown');
    await player.seek(720_000 - 100);
    await player.seek(720_000);
    expect(seen).toMatchObject({ text: '(2)2a', cols: 102 });
    expect(player.state.get().fault).toBeNull();
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

  it('skips an idle hour by the index, and reads no part for that', async () => {
    const { player, asked } = makeWorld(hours, 3_600_000);
    await player.seek(1000);
    player.play();
    player.tick(100);
    await settle();
    expect(player.state.get().positionMs).toBe(360_000 - 300);
    expect(asked).toEqual(['seek 0']);
  });

  it('reads each part once while it plays', async () => {
    const { player, seen, asked } = makeWorld(hours, 3_600_000);
    await player.seek(0);
    player.play();
    for (let step = 0; step < 400 && player.state.get().playing; step += 1) {
      player.tick(250);
      await settle();
    }
    expect(seen.text).toBe(hours.map((_, index) => `${index}a${index}b`).join(''));
    expect(asked).toEqual(['seek 0', ...hours.slice(1).map((_, index) => `read ${index + 1}`)]);
  });
});
