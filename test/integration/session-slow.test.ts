import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { highWater } from '../../src/shared/protocol/session-port.ts';
import { type ByteTarget, type Played, startByteTarget } from '../harness/session/byte-target.ts';
import { recordedEvents } from '../harness/session/recorded.ts';
import { buildSession, startSession, type World, type WorldOptions } from '../harness/session/session-world.ts';
import { canMakeThinDisks, type ThinDisk, thinDisk } from '../harness/thin-disk.ts';

/** What a byte must pass can be slow, each part for itself: nothing is lost, and nothing piles up. */
const mebibyte = 1_048_576;

let target: ByteTarget;
let world: World | null = null;
let disk: ThinDisk | null = null;
let scratch: string | null = null;

beforeAll(async () => {
  buildSession();
  target = await startByteTarget();
});
afterAll(() => target?.stop());
afterEach(async () => {
  await world?.stop();
  disk?.unmount();
  for (const folder of [world?.folder, scratch]) if (folder != null) rmSync(folder, { recursive: true, force: true });
  world = disk = scratch = null;
});

/** One message of the target's: half log lines, half bytes of every kind. */
function mix(): Buffer {
  return Buffer.concat([
    Buffer.from('2026-11-24T10:00:00 web-1 GET /path caf\u00e9\r\n'.repeat(350)),
    randomBytes(16_000),
  ]);
}
/** `SALLYPORT_SLOW_MB=100` shows that memory does not follow the flood; the short run keeps it alive. */
const messages = { warm: 40, flood: 32 * Number(process.env.SALLYPORT_SLOW_MB ?? 5) };

/** Sends a first part, which warms up what a session needs anyway, waits to be told, floods, waits again. */
function playFlood(): Promise<Played> {
  return target.play(async (stage) => {
    for (let sent = 0; sent < messages.warm; sent += 1) await stage.write(mix());
    await stage.typed(1);
    for (let sent = 0; sent < messages.flood; sent += 1) await stage.write(mix());
    await stage.typed(2);
  });
}

/** Peak resident memory in bytes since the last reset (proc(5): VmHWM, clear_refs). */
function peakMemory(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
}

/** Runs a session through such a flood; `during` begins with it and ends when it is over. What was shown and recorded must be what was sent. */
async function flood(
  options: Partial<WorldOptions> & { onFolder?: string },
  during: (isOver: () => boolean) => Promise<void>,
): Promise<number> {
  const { onFolder } = options;
  const size = mix().length;
  const shown = createHash('sha256');
  const played = playFlood();
  const one = await startSession({
    sshd: target.sshd,
    ...options,
    start: (message) => ({ ...message, folder: onFolder ?? message.folder }),
    output(data, end) {
      shown.update(data);
      options.output?.(data, end);
    },
  });
  world = one;
  let isOver = false;
  const slow = during(() => isOver);
  let grown = 0;
  let seconds = 0;
  try {
    await one.owner('head', ({ outputBytes }) => outputBytes === messages.warm * size);
    const { pid } = one.child;
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
    const before = peakMemory(pid);
    const began = performance.now();
    one.type('x');
    await one.owner('head', ({ outputBytes }) => outputBytes === (messages.warm + messages.flood) * size);
    seconds = (performance.now() - began) / 1000;
    grown = (peakMemory(pid) - before) / mebibyte;
  } finally {
    isOver = true;
    await slow;
  }
  one.type('y');
  expect(await one.ended()).toMatchObject({ reason: { kind: 'exit', status: 0 }, complete: true });
  const sent = createHash('sha256');
  for (const data of (await played).sent) sent.update(data);
  const recorded = createHash('sha256');
  for (const { code, data } of await recordedEvents(onFolder ?? one.folder, 'output', one.identities.output))
    if (code === 'o') recorded.update(data);
  const digest = sent.digest('hex');
  expect(shown.digest('hex')).toBe(digest);
  expect(recorded.digest('hex')).toBe(digest);
  console.log(
    `${((messages.flood * size) / mebibyte).toFixed(0)} MB in ${seconds.toFixed(1)} s, grew by ${grown.toFixed(0)} MB`,
  );
  return grown;
}

describe('a session in which one part is slow', () => {
  it.skipIf(!canMakeThinDisks())(
    'waits for a disk that does not answer, again and again',
    async () => {
      scratch = mkdtempSync(path.join(tmpdir(), 'sallyport-slow-'));
      disk = thinDisk({ scratch, bytes: 200_000_000 });
      const { freeze, thaw, folder: mounted } = disk;
      const folder = path.join(mounted, 'session');
      mkdirSync(folder);
      let freezes = 0;
      const grown = await flood({ onFolder: folder }, async (isOver) => {
        while (!isOver()) {
          freeze();
          freezes += 1;
          await delay(100);
          thaw();
          await delay(100);
        }
      });
      expect(freezes).toBeGreaterThan(3);
      expect(grown).toBeLessThan(120);
    },
    300_000,
  );

  it('waits for a screen that draws late', async () => {
    let end = 0;
    let drawn = 0;
    let ahead = 0;
    const output = (_data: Uint8Array, offset: number) => {
      end = offset;
      ahead = Math.max(ahead, end - drawn);
    };
    let before = -1;
    let quiet = 0;
    const draw = () => {
      // Only when nothing more comes, on a busy machine too: the session has waited each time.
      quiet = end === before ? quiet + 1 : 0;
      if (quiet >= 3 && drawn < end) {
        quiet = 0;
        drawn = end;
        world?.screen({ type: 'drawn', end });
      }
      before = end;
    };
    const grown = await flood({ draws: false, output }, async (isOver) => {
      while (!isOver()) {
        draw();
        await delay(25);
      }
    });
    expect(ahead).toBeGreaterThanOrEqual(highWater);
    expect(ahead).toBeLessThan(highWater + 131_072);
    expect(grown).toBeLessThan(120);
  }, 300_000);
});
