import path from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseManifest } from '../../src/recording/manifest/parse-manifest.ts';
import { CheckList } from '../../src/recording/verify/checks.ts';
import type { Identities } from '../../src/recording/verify/source.ts';
import { checkAnchors } from '../../src/recording/verify/verify-anchors.ts';
import { checkCrossing } from '../../src/recording/verify/verify-crossing.ts';
import { openFolder, verifyFolder } from '../../src/recording/verify/verify-folder.ts';
import { toProblem } from '../../src/shared/errors/result.ts';
import { grantPayloadSchema } from '../../src/shared/protocol/signed.ts';
import { damaged, damages, makeRandom } from '../harness/mutations/damage.ts';
import { rewrite, rewriteWire } from '../harness/mutations/insider.ts';
import { type Mutation, mutations } from '../harness/mutations/matrix.ts';
import { packetsOf } from '../harness/mutations/pieces.ts';
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

async function verify(files: Files, identities: Identities = recording.identities) {
  working.hold(files);
  return verifyFolder(working.folder, { serverKey: recording.serverKey }, identities);
}

/** The first place that a verification names; null when all of it holds and is whole. */
async function named(files: Files, identities?: Identities): Promise<string | null> {
  try {
    const { firstBad, notWhole } = await verify(files, identities);
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
    const random = makeRandom(seed + 1);
    let tried = 0;
    const began = performance.now();
    for (const { of, what, place, damaged } of chosen()) {
      // What the digests show is seen without a key as well, and sooner: the short run opens everything only now and then.
      const isOpened = asked === 'all' || of.startsWith('journal') || random(5) === 0;
      const where = await named(damaged, isOpened ? recording.identities : {});
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

/**
 * Security 17b: who has the store, the keys of all streams and the session's signing key writes another recording that holds in itself: sealed again, chained again,
 * signed again. Each time all is removed that would give it away and can be removed. Not shown: an insider who can reach the target's port as well, and has it sign exchanges with
 * digests of the other manifest. Where no wire is kept, such anchors are as good as the first; receipts show it.
 */
describe('a recording that an insider has rewritten', () => {
  const replace: [string, string] = ['half-2', 'HALF-3'];
  const change = (text: string) => text.replaceAll(...replace);
  /** The words were shown after the first segment was cut and before the first receipt was given: in the second segment. */
  const segments = [
    { stream: 'output' as const, seq: 1 },
    { stream: 'text' as const, seq: 1 },
  ];
  const all = () => true;
  const none = () => false;
  const without = (files: Files, ...names: string[]) => new Map([...files].filter(([name]) => !names.includes(name)));
  const wires = ['wire.to-target', 'wire.from-target'];

  const early = (number: number) => number < 2;

  it('is caught by a receipt, which nobody but the server can make anew', async () => {
    const how = { change, segments, keepAnchor: early, keepReceiptLine: early, keepReceipt: all };
    const { firstBad, checks } = await verify(without(await rewrite(recording, how), ...wires));
    expect(firstBad).toMatchObject({
      where: 'receipt 2',
      what: expect.stringMatching(/^the first \d+ lines are not those the server received$/),
    });
    expect(checks.find((check) => check.name === 'manifest signature')?.ok).toBe(true);
  });

  it('is caught by an anchor, where none was made anew: that takes a key exchange with the target', async () => {
    const how = { change, segments, keepAnchor: all, keepReceiptLine: all, keepReceipt: none };
    const { firstBad } = await verify(without(await rewrite(recording, how), ...wires));
    expect(firstBad).toEqual({ where: 'anchor 2 (000002.anchor)', what: 'it names another manifest' });
  });

  it("is caught by the wire, and by the wire's head in a receipt when what crossed is rewritten with it", async () => {
    const how = { change, segments, keepAnchor: early, keepReceiptLine: early, keepReceipt: early };
    const files = await rewrite(recording, how);
    expect((await verify(files)).firstBad).toMatchObject({ where: expect.stringMatching(/^output, byte \d+$/) });
    const other = await rewriteWire(recording, ...replace);
    expect((await verify(new Map(files).set('wire.from-target', other))).firstBad).toMatchObject({
      where: 'wire.from-target',
      what: expect.stringMatching(/^its first \d+ bytes are not those that receipt 1 commits to$/),
    });
  });

  it('leaves nothing that is said to be whole when all of these are removed', async () => {
    const how = { change, segments, keepAnchor: early, keepReceiptLine: none, keepReceipt: none };
    const files = await rewrite(recording, how);
    const other = await rewriteWire(recording, ...replace);
    // The exchanges whose anchors were removed stand in what crossed.
    expect((await verify(new Map(files).set('wire.from-target', other))).firstBad).toMatchObject({
      what: expect.stringContaining('an exchange whose secret was not kept'),
    });
    expect(await verify(without(files, ...wires))).toMatchObject({
      firstBad: null,
      notWhole: 'none yet: nothing but the session vouches for it',
      evidence: 'anchored',
    });
  });

  it('is caught in whichever field an anchor was changed, though the manifest names it as it is now', async () => {
    const name = '000001.anchor';
    const how = { change, segments: [], keepAnchor: all, keepReceiptLine: all, keepReceipt: none };
    const read = (files: Files) => JSON.parse(files.get(name)?.toString() ?? '') as Record<string, unknown>;
    const [own, foreign] = [read(recording.files), read(other.files)];
    // Who began the exchange is told for a reader's sake: the target's signature does not cover it.
    const fields = Object.keys(own).filter((field) => field !== 'startedBy');
    const missed: string[] = [];
    for (const field of fields) {
      for (const value of [flippedValue(own[field]), foreign[field]]) {
        if (JSON.stringify(value) === JSON.stringify(own[field])) continue;
        const anchor = Buffer.from(`${JSON.stringify({ ...own, [field]: value })}\n`);
        const files = await rewrite({ ...recording, files: new Map(recording.files).set(name, anchor) }, how);
        const where = await anchorFault(files);
        if (where !== `anchor 1 (${name})`) missed.push(`${field}: ${where}`);
      }
    }
    expect(fields).toContain('secret');
    expect(missed).toEqual([]);
  });
});

it('does not hold when its wire goes on after the relay closed it', async () => {
  for (const name of ['wire.to-target', 'wire.from-target']) {
    const longer = Buffer.concat([recording.files.get(name) ?? Buffer.alloc(0), Buffer.alloc(1)]);
    const { firstBad } = await verify(new Map(recording.files).set(name, longer), {});
    expect(firstBad).toMatchObject({ where: name, what: expect.stringContaining('although it was closed at') });
  }
});

describe('a kept wire that no receipt commits to', () => {
  it('differs from the recording at whichever packet it was changed', async () => {
    const random = makeRandom(seed);
    const missed: string[] = [];
    for (const name of ['wire.to-target', 'wire.from-target']) {
      const [row, foreign] = [recording, other].map(({ files }) => packetsOf(files.get(name) ?? Buffer.alloc(0)));
      for (const damage of damages) {
        // Not among the first, whose keys were never kept, nor the last: what comes after the program's end carries nothing.
        const at = Math.floor((row?.length ?? 0) / 2) + random(Math.floor((row?.length ?? 0) / 4));
        const changed = damaged(row ?? [], at, damage, foreign ?? [], random);
        if (changed === null) continue;
        const where = await crossingOf(new Map(recording.files).set(name, Buffer.concat(changed)));
        if (!/^(wire\.|output|input|terminal)/.test(where ?? '')) missed.push(`${damage} ${name} ${at}: ${where}`);
      }
    }
    expect(await crossingOf(recording.files)).toBeUndefined();
    expect(missed).toEqual([]);
  });
});

/** What the parts of a verification that need a grant and both streams' keys work with. */
async function openedFolder(files: Files) {
  working.hold(files);
  const source = await openFolder(working.folder);
  const opened = { source, manifest: parseManifest(source.manifest), identities: recording.identities };
  return { opened, grant: grantPayloadSchema.parse(JSON.parse(source.grant.payload)), list: new CheckList() };
}

/** Where the first anchor that does not hold is, when it is not its file's digest that shows it. */
async function anchorFault(files: Files): Promise<string | undefined> {
  const { opened, grant, list } = await openedFolder(files);
  await checkAnchors(opened, grant, list);
  return /^(has \d+ bytes|was changed)/.test(list.firstBad?.what ?? '') ? 'the file' : list.firstBad?.where;
}

/** Where what crossed first differs from the recording, whatever the receipts say of it. */
async function crossingOf(files: Files): Promise<string | undefined> {
  const { opened, grant, list } = await openedFolder(files);
  await checkCrossing(opened, await checkAnchors(opened, grant, list), null, list);
  return list.firstBad?.where;
}

/** Another value of the same form. */
function flippedValue(value: unknown): unknown {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'object') return { ...value, toTarget: 'aes256-gcm@openssh.com ' };
  const text = String(value);
  const at = text.length >> 1;
  return `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
}
