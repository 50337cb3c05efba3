import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readJournal } from '../../src/recording/journal/read-journal.ts';
import { parseManifest } from '../../src/recording/manifest/parse-manifest.ts';
import { readManifestPair } from '../../src/recording/signatures/manifest-pair.ts';
import type { Manifest } from '../../src/shared/record/manifest.ts';
import { type ByteTarget, type Played, type Stage, startByteTarget } from '../harness/session/byte-target.ts';
import { recordedEvents } from '../harness/session/recorded.ts';
import { buildSession, startSession, type World } from '../harness/session/session-world.ts';
import { canMount, smallDisk } from '../harness/small-disk.ts';
import { canMakeThinDisks, thinDisk } from '../harness/thin-disk.ts';

/** Real disks that fail under a real session process, in both modes of recording. */
type Fault = 'full' | 'read-only' | 'sync';

interface Disk {
  folder: string;
  fail(): void;
  unmount(): void;
}

let target: ByteTarget;
let scratch: string;
let disk: Disk | null = null;
let world: World | null = null;

beforeAll(async () => {
  buildSession();
  target = await startByteTarget();
});
afterAll(() => target?.stop());
afterEach(async () => {
  await world?.stop();
  disk?.unmount();
  disk = null;
  world = null;
  rmSync(scratch, { recursive: true, force: true });
});

function makeDisk(fault: Fault): Disk {
  scratch = mkdtempSync(path.join(tmpdir(), 'sallyport-fault-'));
  if (fault === 'full') {
    const small = smallDisk({ folder: path.join(scratch, 'disk'), bytes: 9_000_000 });
    return { folder: small.folder, fail: () => small.fill(), unmount: small.unmount };
  }
  const thin = thinDisk({ scratch, bytes: 12_000_000 });
  return {
    folder: thin.folder,
    fail: fault === 'sync' ? thin.starve : thin.turnReadOnly,
    unmount: thin.unmount,
  };
}

interface Run {
  one: World;
  folder: string;
  played: Promise<Played>;
  shown: Buffer[];
}

/** A session on that disk; `act` is the target's part, null when it must not come to one. */
async function start(
  mode: 'strict' | 'best-effort',
  on: Disk,
  act: ((stage: Stage) => Promise<void>) | null,
): Promise<Run> {
  const folder = path.join(on.folder, 'session');
  mkdirSync(folder, { recursive: true });
  const shown: Buffer[] = [];
  const played = act === null ? Promise.reject(new Error('nothing is played')) : target.play(act);
  played.catch(() => undefined);
  world = await startSession({
    sshd: target.sshd,
    grant: { recordMode: mode },
    start: (message) => ({ ...message, folder }),
    output: (data) => shown.push(Buffer.from(data)),
  });
  return { one: world, folder, played, shown };
}

const faults: { fault: Fault; words: RegExp; code: string; signs: boolean; possible: boolean }[] = [
  { fault: 'full', words: /the disk is full/, code: 'ENOSPC', signs: true, possible: canMount },
  { fault: 'read-only', words: /takes no more writes/, code: 'EROFS', signs: false, possible: canMakeThinDisks() },
  { fault: 'sync', words: /the disk is full/, code: 'ENOSPC', signs: true, possible: canMakeThinDisks() },
];

async function manifestOf(run: Run): Promise<Manifest> {
  const pair = await readManifestPair(run.folder, run.one.grant.sessionKey);
  return parseManifest(pair?.manifest ?? '');
}

/** The output bytes that the sealed segments hold, and those of the journal. */
async function recordedBytes(run: Run): Promise<{ segments: Buffer; journal: Buffer }> {
  const { identities } = run.one;
  const journal = await readJournal(readFileSync(path.join(run.folder, 'journal')), identities);
  const output = (events: { code: string; data: Uint8Array }[]) =>
    Buffer.concat(events.filter(({ code }) => code === 'o').map(({ data }) => data));
  return {
    segments: output(await recordedEvents(run.folder, 'output', identities.output)),
    journal: output(journal.events.output),
  };
}

describe.each(faults)(
  'a disk that fails while it is recorded on: $fault',
  ({ fault, words, code, signs, possible }) => {
    const problem = { code: 'SP-3011', facts: { fault: code }, message: expect.stringMatching(words) };

    it.skipIf(!possible)('stops a strict session; nothing was shown that is not recorded', async () => {
      disk = makeDisk(fault);
      const run = await start('strict', disk, async (stage) => {
        await stage.write(Buffer.from('ready\r\n'));
        await stage.typed(1);
        // After the bytes whose sync fails there are none that a write could fail for: the failed sync alone must stop it.
        if (fault === 'sync') await stage.write(randomBytes(40_000)).then(() => stage.typed(2));
        for (;;) await stage.write(randomBytes(20_000));
      });
      await run.one.sees(/ready/);
      disk.fail();
      run.one.type('x');
      // A device that is full may have had room for the last of it all the same: then the target goes on.
      const again = setInterval(() => run.one.type('x'), 5000);
      const ended = await run.one.ended().finally(() => clearInterval(again));
      expect(ended).toMatchObject({ reason: { kind: 'recorder-failed', problem }, complete: signs });
      const shown = Buffer.concat(run.shown);
      const { segments, journal } = await recordedBytes(run);
      const recorded = signs ? segments : journal;
      expect(recorded.subarray(0, shown.length).equals(shown)).toBe(true);
      const { end } = await manifestOf(run);
      if (!signs) return expect(end).toBeNull();
      expect(end).toMatchObject({ kind: 'recorder-failed', outputBytes: recorded.length });
      expect(end?.reason).toMatch(words);
    });

    it.skipIf(!possible)('lets a best-effort session go on, and says so to everyone', async () => {
      disk = makeDisk(fault);
      const run = await start('best-effort', disk, async (stage) => {
        await stage.write(Buffer.from('ready\r\n'));
        await stage.typed(1);
        for (let part = 0; part < 40; part += 1) await stage.write(randomBytes(20_000));
        await stage.typed(7);
        await stage.write(Buffer.from('still here\r\n'));
      });
      await run.one.sees(/ready/);
      disk.fail();
      run.one.type('x');
      const { problem: told } = await run.one.owner('recording-stopped');
      expect(told).toMatchObject(problem);
      expect(told.message).toMatch(/the session goes on.*nothing of it is recorded/);
      const shown = await run.one.onScreen((message) => message.type === 'recording-stopped');
      // A screen that is attached later gets the same message: the time is when it happened.
      expect(shown).toMatchObject({ problem: told, atMs: expect.any(Number) });
      run.one.type('mellon');
      await run.one.sees(/still here/);
      const ended = await run.one.ended();
      // The session's own end is another than its record's.
      expect(ended).toMatchObject({ reason: { kind: 'exit', status: 0 }, complete: signs });
      const { received, sent } = await run.played;
      expect(Buffer.concat(received).toString()).toBe('xmellon');
      expect(Buffer.concat(run.shown).equals(Buffer.concat(sent))).toBe(true);
      const { end } = await manifestOf(run);
      if (!signs) return expect(end).toBeNull();
      expect(end?.kind).toBe('recorder-failed');
      expect(end?.reason).toMatch(/goes on/);
      const { segments } = await recordedBytes(run);
      expect(end?.outputBytes).toBe(segments.length);
      expect(Buffer.concat(run.shown).subarray(0, segments.length).equals(segments)).toBe(true);
      expect(run.one.owned.filter(({ type }) => type === 'recording-stopped')).toHaveLength(1);
    });

    it.skipIf(!possible || fault === 'sync').each(['strict', 'best-effort'] as const)(
      'does not let a session begin: %s',
      async (mode) => {
        disk = makeDisk(fault);
        mkdirSync(path.join(disk.folder, 'session'));
        disk.fail();
        const run = await start(mode, disk, null);
        expect(await run.one.ended()).toMatchObject({
          reason: { kind: 'recorder-failed', problem: { code: 'SP-3011', facts: { fault: code } } },
          complete: false,
        });
        expect(run.one.owned.some(({ type }) => type === 'login-signature')).toBe(false);
      },
    );
  },
);
