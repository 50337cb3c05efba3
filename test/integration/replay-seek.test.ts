import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import type { ReplayToScreen } from '../../src/shared/protocol/replay.ts';
import { makeLongRecording, namedSegment } from '../harness/long-recording.ts';
import { answerFromMemory, jumpingShares, openToSeek, segmentAt } from '../harness/seeking.ts';

/**
 * Seeking in a long recording: SALLYPORT_SEEK_SEGMENTS=4000 makes it one of about 1 GB, which takes a minute. What is measured is from the question to a drawn
 * screen: fetch from memory, digest, age, zstd, parse, and a terminal that draws it.
 */
const segments = Number(process.env.SALLYPORT_SEEK_SEGMENTS ?? 120);
const seeks = Number(process.env.SALLYPORT_SEEK_TIMES ?? 40);
/** So small that the short recording is many times as large. */
const cacheBytes = segments > 1000 ? 67_108_864 : 2_097_152;
const goalMs = 50;
const warmUp = 8;
/** What the whole process may grow by beside the parts that are kept: what is on its way, and what the collector has not given back yet. */
const onTheWay = 48;
const mebibyte = 1_048_576;

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes in use, in MiB, without what only waits to be collected. */
const held = () => {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / mebibyte;
};

test('a jump to any moment of a long recording draws the right screen at once, and memory stays flat', async () => {
  const recording = await makeLongRecording(segments);
  const { store, opened, survey, openMs, jump } = await openToSeek({
    view: recording.view,
    serverKey: recording.serverKey,
    cacheBytes,
    answer: (asked) => answerFromMemory(recording, asked),
  });
  expect(opened).toMatchObject({ durationMs: recording.durationMs, incomplete: null });
  expect(opened.parts).toHaveLength(segments);

  const took: number[] = [];
  const work: number[] = [];
  let before = held();
  let most = 0;
  let id = 0;
  for (const share of jumpingShares(seeks)) {
    const toMs = Math.floor(share * recording.durationMs);
    const { ms, workMs, firstLine } = await jump(toMs);
    took.push(ms);
    work.push(workMs);
    id += 1;
    const seq = segmentAt(recording, toMs);
    if (seq > 0) expect(firstLine).toBe(namedSegment(seq));
    // What the first jumps load stays: code, tables, the terminal's lines.
    if (id === warmUp) before = held();
    else if (id % 10 === 0) most = Math.max(most, held());
    expect(store.keptBytes).toBeLessThanOrEqual(cacheBytes);
  }
  for (const list of [took, work]) list.sort((a, b) => a - b);
  const grown = most - before;
  console.log(
    `seek in ${Math.round(recording.textBytes / mebibyte)} MiB of ${segments} segments: opened in ${openMs.toFixed(0)} ms, ${seeks} jumps, p50 ${percentile(took, 0.5).toFixed(1)} ms, p95 ${percentile(took, 0.95).toFixed(1)} ms (of the processor p95 ${percentile(work, 0.95).toFixed(1)} ms), memory +${grown.toFixed(0)} MiB`,
  );
  // The clock of a busy machine measures others as well: what is held to a limit is the work, which has the next part's in it.
  expect(percentile(work, 0.95)).toBeLessThan(segments > 1000 ? goalMs : 2 * goalMs);
  expect(grown).toBeLessThan(cacheBytes / mebibyte + onTheWay);

  if (process.env.SALLYPORT_SEEK_SURVEY === undefined && segments > 1000) return;
  let last: Extract<ReplayToScreen, { type: 'survey' }> | null = null;
  await survey.run((message) => {
    last = message;
  });
  expect(last).toMatchObject({ finished: true, verified: true, faults: [], problem: null });
  expect(held() - before).toBeLessThan(cacheBytes / mebibyte + onTheWay);
}, 600_000);
