import path from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyFolder } from '../../src/recording/verify/verify-folder.ts';
import { toProblem } from '../../src/shared/errors/result.ts';
import { makeRandom } from '../harness/mutations/damage.ts';
import { type Mutation, mutations } from '../harness/mutations/matrix.ts';
import {
  type Files,
  makeRealRecording,
  type RealRecording,
  WorkingFolder,
} from '../harness/mutations/real-recording.ts';
import { startWholeWorld, type WholeWorld } from './live-world/whole-recording.ts';

/** `all` instead of one of each kind; a number: another choice. */
const asked = process.env.SALLYPORT_MUTATIONS ?? '';
const seed = Number(asked) || 20_261_124;

let whole: WholeWorld;
let recording: RealRecording;
let other: RealRecording;
let working: WorkingFolder;

beforeAll(async () => {
  whole = await startWholeWorld();
  [recording, other] = await Promise.all([makeRealRecording(whole, 'one'), makeRealRecording(whole, 'two')]);
  working = new WorkingFolder(path.join(whole.world.folder, 'working'));
});
afterAll(() => whole?.stop());

async function verify(files: Files) {
  working.hold(files);
  return verifyFolder(working.folder, { serverKey: recording.serverKey }, recording.identities);
}

/** The first place that a verification names; null when all of it holds and is whole. */
async function named(files: Files): Promise<string | null> {
  try {
    const { firstBad, notWhole } = await verify(files);
    return firstBad?.where ?? notWhole;
  } catch (error) {
    return toProblem(error).message;
  }
}

/** One mutation of each kind at each thing, by chance, or all. */
function* chosen(): Generator<Mutation & { damaged: Files }> {
  const random = makeRandom(seed);
  const kinds = Map.groupBy(mutations(recording, other, seed), (each) => `${each.damage} ${each.of}`);
  for (const each of kinds.values()) {
    let taken = 0;
    while (each.length > 0 && (asked === 'all' || taken === 0)) {
      const [mutation] = each.splice(asked === 'all' ? 0 : random(each.length), 1);
      const damaged = mutation?.files() ?? null;
      if (mutation === undefined || damaged === null) continue;
      taken += 1;
      yield { ...mutation, damaged };
    }
  }
}

describe('a real recording', () => {
  it('holds and is whole, anchored with wire', async () => {
    const result = await verify(recording.files);
    expect(result.checks.filter((check) => !check.ok)).toEqual([]);
    expect(result).toMatchObject({ ok: true, notWhole: null, evidence: 'anchored-with-wire' });
  });

  it('does not hold after any damage to any part of it, and the place is named', { timeout: 3_600_000 }, async () => {
    const missed: string[] = [];
    const things = new Set<string>();
    let tried = 0;
    const began = performance.now();
    for (const { of, what, place, damaged } of chosen()) {
      const where = await named(damaged);
      if (where === null || !place.test(where)) missed.push(`${what}: ${where} instead of ${place}`);
      things.add(of);
      tried += 1;
    }
    console.log(
      `${tried} mutations of ${things.size} kinds of things tried (${asked === 'all' ? 'all' : `seed ${seed}`}) in ${Math.round(performance.now() - began)} ms; ${missed.length} not named`,
    );
    expect(missed).toEqual([]);
  });
});
