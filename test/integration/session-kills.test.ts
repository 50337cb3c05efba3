import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readJournal } from '../../src/recording/journal/read-journal.ts';
import { parseManifest } from '../../src/recording/manifest/parse-manifest.ts';
import { readManifestPair } from '../../src/recording/signatures/manifest-pair.ts';
import { type ByteTarget, type Stage, startByteTarget } from '../harness/session/byte-target.ts';
import { recordedEvents } from '../harness/session/recorded.ts';
import { buildSession, startSession } from '../harness/session/session-world.ts';

/** `SALLYPORT_KILLS=100` is the proof; the short run keeps it alive. */
const kills = Number(process.env.SALLYPORT_KILLS ?? 8);
const atOnce = 4;
/** A session is killed within this time of its first byte, in milliseconds. */
const withinMs = 400;
const bucketMs = 50;

let target: ByteTarget;

beforeAll(async () => {
  buildSession();
  target = await startByteTarget();
});
afterAll(() => target?.stop());

/** Numbered lines in pieces of any size, now and then with a breath between them, for ever. */
async function flood(stage: Stage): Promise<void> {
  for (let line = 0; ; ) {
    const lines: string[] = [];
    for (const last = line + 1 + ((line * 31) % 700); line < last; line += 1)
      lines.push(`line ${line} of a long log\r\n`);
    await stage.write(Buffer.from(lines.join('')));
    if (line % 5 === 0) await delay(1);
  }
}

interface Killed {
  atMs: number;
  /** What the screen had acknowledged. */
  drawn: number;
  recorded: number;
}

async function killOne(): Promise<Killed> {
  let drawn = 0;
  const shown = createHash('sha256');
  const first = Promise.withResolvers<void>();
  void target.play(flood);
  const world = await startSession({
    sshd: target.sshd,
    output(data, end) {
      // The harness acknowledges it in the same turn.
      drawn = end;
      shown.update(data);
      first.resolve();
    },
  });
  await first.promise;
  const began = performance.now();
  await delay(Math.random() * withinMs);
  world.child.kill('SIGKILL');
  const atMs = performance.now() - began;
  await world.exited;
  const { folder, identities, grant } = world;
  const journal = await readJournal(readFileSync(join(folder, 'journal')), identities);
  expect(journal.broke === null || journal.broke.kind === 'torn').toBe(true);
  const output = Buffer.concat(journal.events.output.filter(({ code }) => code === 'o').map(({ data }) => data));
  expect(createHash('sha256').update(output.subarray(0, drawn)).digest('hex')).toBe(shown.digest('hex'));
  // What is signed is there as it says, and is the beginning of the same bytes.
  const manifest = parseManifest((await readManifestPair(folder, grant.sessionKey))?.manifest ?? '');
  for (const { file, sha256 } of manifest.segments)
    expect(
      createHash('sha256')
        .update(readFileSync(join(folder, file)))
        .digest('hex'),
    ).toBe(sha256);
  const segments = await recordedEvents(folder, 'output', identities.output);
  const kept = Buffer.concat(segments.filter(({ code }) => code === 'o').map(({ data }) => data));
  expect(output.subarray(0, kept.length).equals(kept)).toBe(true);
  expect(manifest.end).toBeNull();
  await world.stop();
  rmSync(folder, { recursive: true });
  return { atMs, drawn, recorded: output.length };
}

function histogram(killed: Killed[]): string {
  const buckets = new Map<number, number>();
  for (const { atMs } of killed) {
    const bucket = Math.floor(atMs / bucketMs) * bucketMs;
    buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
  }
  const lines = [...buckets]
    .sort(([a], [b]) => a - b)
    .map(([from, count]) => `${`${from}`.padStart(5)} ms ${'#'.repeat(count)} ${count}`);
  return lines.join('\n');
}

describe('a session process that is killed while output runs', () => {
  it(`leaves in its journal every byte that the screen had acknowledged, at ${kills} random moments`, async () => {
    const killed: Killed[] = [];
    const worker = async () => {
      while (killed.length + running < kills) {
        running += 1;
        const one = await killOne();
        running -= 1;
        killed.push(one);
        expect(one.drawn).toBeLessThanOrEqual(one.recorded);
      }
    };
    let running = 0;
    await Promise.all(Array.from({ length: atOnce }, worker));
    expect(killed).toHaveLength(kills);
    const most = Math.max(...killed.map(({ recorded, drawn }) => recorded - drawn));
    console.log(
      `${kills} kills by the time since the first byte:\n${histogram(killed)}\nacknowledged ${Math.min(...killed.map(({ drawn }) => drawn))} to ${Math.max(...killed.map(({ drawn }) => drawn))} bytes; recorded at most ${most} bytes more`,
    );
  }, 600_000);
});
