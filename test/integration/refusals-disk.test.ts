import { randomBytes } from 'node:crypto';
import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readJournal } from '../../src/recording/journal/read-journal.ts';
import { verifyFolder } from '../../src/recording/verify/verify-folder.ts';
import { type Problem, toProblem } from '../../src/shared/errors/result.ts';
import { canMount, type SmallDisk, smallDisk } from '../harness/small-disk.ts';
import { makeRecordingWorld, type RecordingWorld, startRecorder } from './recording-fixture.ts';

let scratch: string;
let disk: SmallDisk | null = null;
let world: RecordingWorld;

beforeEach(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'sallyport-disk-'));
  world = await makeRecordingWorld();
});
afterEach(async () => {
  disk?.unmount();
  disk = null;
  await rm(scratch, { recursive: true, force: true });
  await rm(world.folder, { recursive: true, force: true });
});

/** A recorder whose folder is on a disk of that size. */
function onDisk(bytes: number) {
  disk = smallDisk({ folder: path.join(scratch, 'disk'), bytes });
  return startRecorder({ ...world, options: { ...world.options, folder: disk.folder } });
}

/** Text that hardly compresses, as the worst case for what has to be sealed at the end. */
function noise(size: number): Buffer {
  return Buffer.from(randomBytes(size).toString('base64').slice(0, size));
}

describe.skipIf(!canMount)('security 12, a disk that is full', () => {
  it('refuses to start where there is no room to close a record in, and leaves nothing', async () => {
    const refused = await onDisk(3_000_000).catch(toProblem);
    expect(refused).toMatchObject({ code: 'SP-3011', facts: { fault: 'ENOSPC' } });
    expect((refused as Problem).message).toMatch(/Nothing was opened\. Free space, then connect again\./);
    expect(readdirSync(disk?.folder ?? '')).toEqual([]);
  });

  it('stops a running record with a signed end that names the reason, and loses nothing that was shown', async () => {
    const recorder = await onDisk(7_000_000);
    const failed = Promise.withResolvers<Problem>();
    recorder.onFailed(failed.resolve);
    let shown = 0;
    let problem: Problem | null = null;
    while (problem === null) {
      try {
        shown = recorder.output(noise(30_000));
        await (recorder.drained() ?? new Promise((resolve) => setImmediate(resolve)));
      } catch (error) {
        problem = toProblem(error);
      }
    }
    expect(problem).toMatchObject({ code: 'SP-3011', facts: { fault: 'ENOSPC' } });
    expect(await recorder.close({ kind: 'recorder-failed', problem })).toEqual({ complete: true });

    const folder = disk?.folder ?? '';
    // The fixture keeps the grant in its own folder; a verifier wants it beside the record.
    copyFileSync(path.join(world.folder, 'grant.json'), path.join(folder, 'grant.json'));
    const result = await verifyFolder(folder, world.keys);
    expect(result).toMatchObject({ ok: true, ended: true });
    expect(result.manifest?.end).toMatchObject({ kind: 'recorder-failed', outputBytes: shown });
    expect(result.manifest?.end?.reason).toMatch(/SP-3011.*the disk is full/);
    const journal = await readJournal(readFileSync(path.join(folder, 'journal')), world.identities);
    expect(journal.events.output.reduce((sum, event) => sum + (event.code === 'o' ? event.data.length : 0), 0)).toBe(
      shown,
    );
  });

  it('stops when a sealed part finds no room, though the journal still did, and seals it all the same', async () => {
    const recorder = await onDisk(9_000_000);
    const failed = Promise.withResolvers<Problem>();
    recorder.onFailed(failed.resolve);
    recorder.output(noise(200_000));
    // Room for the next journal frame alone: it is the sealer that finds the disk full.
    disk?.fill(120_000);
    recorder.output(noise(65_000));
    const problem = await failed.promise;
    expect(problem).toMatchObject({ code: 'SP-3011', facts: { fault: 'ENOSPC' } });
    // The reserve is for the end alone: whoever still has bytes is told, and the journal does not eat it up.
    const bytes = recorder.head().outputBytes;
    for (const more of [() => recorder.output(noise(10)), () => recorder.input(noise(10))])
      expect(more).toThrow(expect.objectContaining({ code: 'SP-3011' }));
    expect(recorder.head().outputBytes).toBe(bytes);
    expect(await recorder.close({ kind: 'recorder-failed', problem })).toEqual({ complete: true });
  });
});
