import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { readJournal } from '../../src/recording/journal/read-journal.ts';
import { parseManifest } from '../../src/recording/manifest/parse-manifest.ts';
import { verifyFolder } from '../../src/recording/verify/verify-folder.ts';
import type { Problem } from '../../src/shared/errors/result.ts';
import { cleanExit, makeRecordingWorld, startRecorder } from './recording-fixture.ts';

const child = join(import.meta.dirname, 'recording-child.ts');

interface Told {
  world: { folder: string; identities: { output: string; input: string }; keys: object };
  shown: number;
  last: { problem?: { code: string; facts?: object }; complete?: boolean; problems?: unknown[] };
}

/** Reads what the recording process says; `each` sees every count of bytes that may be shown. */
async function follow(process: ChildProcess, each: (shown: number) => void): Promise<Told> {
  const told: Partial<Told> & { shown: number; last: Told['last'] } = { shown: 0, last: {} };
  for await (const line of createInterface({ input: process.stdout! })) {
    const value = JSON.parse(line) as Record<string, unknown>;
    if ('folder' in value) told.world = value as Told['world'];
    else if ('shown' in value) {
      told.shown = Number(value.shown);
      each(told.shown);
    } else told.last = value;
  }
  if (told.world === undefined) throw new Error('the recording process did not start');
  return { ...told, world: told.world };
}

async function journalBytes(world: Told['world']): Promise<number> {
  const read = await readJournal(readFileSync(join(world.folder, 'journal')), world.identities);
  expect(read.broke === null || read.broke.kind === 'torn').toBe(true);
  return read.events.output.filter((event) => event.code === 'o').reduce((sum, event) => sum + event.data.length, 0);
}

describe('a recording', () => {
  it('holds every byte that was shown when its process is killed, at any moment', async () => {
    for (let turn = 0; turn < 6; turn += 1) {
      const process_ = spawn(process.execPath, [child, '100000000'], { stdio: ['ignore', 'pipe', 'inherit'] });
      const after = 1 + Math.floor(Math.random() * 400_000);
      const told = await follow(process_, (shown) => {
        if (shown >= after) process_.kill('SIGKILL');
      });
      expect(told.shown).toBeGreaterThanOrEqual(after);
      expect(await journalBytes(told.world)).toBeGreaterThanOrEqual(told.shown);
      // What was sealed by then verifies; the missing end is plain to see.
      const result = await verifyFolder(told.world.folder, told.world.keys);
      expect(result).toMatchObject({ ok: true, ended: false });
      rmSync(told.world.folder, { recursive: true });
    }
  });

  it('stops when the file system takes no more, shows nothing unrecorded, and signs an end that says why', async () => {
    // A limit on a file's size fails the write as a full disk does, part of a frame already written; no privilege needed.
    const command = `trap '' XFSZ; ulimit -f 7000; exec "$0" "$1" 100000000`;
    const process_ = spawn('bash', ['-c', command, process.execPath, child], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(process_, 'exit');
    const told = await follow(process_, () => undefined);
    expect(await exited).toEqual([0, null]);
    expect(told.last).toMatchObject({ problem: { code: 'SP-3011', facts: { fault: 'EFBIG' } }, complete: true });
    expect(told.shown).toBeGreaterThan(4_000_000);
    expect(await journalBytes(told.world)).toBe(told.shown);
    const result = await verifyFolder(told.world.folder, told.world.keys);
    expect(result).toMatchObject({ ok: true, ended: true });
    expect(result.manifest?.end).toMatchObject({ kind: 'recorder-failed', outputBytes: told.shown });
    rmSync(told.world.folder, { recursive: true });
  });

  it('says that it failed when its segments cannot be stored, and that it has no end', async () => {
    const world = await makeRecordingWorld();
    const recorder = await startRecorder(world);
    const failed = new Promise((resolve) => recorder.onFailed(resolve));
    rmSync(world.folder, { recursive: true });
    recorder.output(Buffer.alloc(300_000, 0x61));
    expect(await failed).toMatchObject({ code: 'SP-3011', facts: { fault: 'ENOENT' } });
    expect(recorder.drained()).toBeNull();
    expect(await recorder.close(cleanExit)).toEqual({ complete: false });
  });

  it('ends before its manifest is longer than the server takes, whole and with an end that says why', async () => {
    const world = await makeRecordingWorld();
    const atMost = 280_000;
    const recorder = await startRecorder({ ...world, options: { ...world.options, manifestBytesAtMost: atMost } });
    const failures: Problem[] = [];
    recorder.onFailed((problem) => failures.push(problem));
    const chunk = Buffer.alloc(65_536, 'x');
    let shown = 0;
    const showAll = async () => {
      while (shown < 30_000_000) {
        shown = recorder.output(chunk);
        await recorder.drained();
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await expect(showAll()).rejects.toMatchObject({ code: 'SP-3011', facts: { fault: 'length' } });
    expect(failures).toEqual([
      expect.objectContaining({ message: expect.stringMatching(/as long as a recording can be/) }),
    ]);
    expect(await recorder.close({ kind: 'recorder-failed', problem: failures[0]! })).toEqual({ complete: true });
    expect(readFileSync(join(world.folder, 'manifest')).length).toBeLessThan(atMost);
    const result = await verifyFolder(world.folder, world.keys);
    expect(result).toMatchObject({ ok: true, ended: true });
    expect(result.manifest?.end).toMatchObject({ kind: 'recorder-failed', outputBytes: shown });
    rmSync(world.folder, { recursive: true });
  });

  it('is not begun in a folder that is not there, or without a reader', async () => {
    const world = await makeRecordingWorld();
    const recipients = { ...world.grant.recipients, input: [] };
    await expect(
      startRecorder({ ...world, options: { ...world.options, grant: { ...world.grant, recipients } } }),
    ).rejects.toMatchObject({ code: 'SP-3011' });
    rmSync(world.folder, { recursive: true });
    await expect(startRecorder(world)).rejects.toMatchObject({ code: 'SP-3011' });
  });

  it('asks for a pause under a flood and seals all of it', async () => {
    const world = await makeRecordingWorld();
    const recorder = await startRecorder(world);
    let pauses = 0;
    const chunk = Buffer.from('0123456789abcdef'.repeat(2048));
    for (let sent = 0; sent < 12_000_000; sent += chunk.length) {
      recorder.output(chunk);
      const drained = recorder.drained();
      if (drained !== null) pauses += 1;
      await drained;
    }
    expect(pauses).toBeGreaterThan(0);
    expect(await recorder.close(cleanExit)).toEqual({ complete: true });
    const { end, segments } = parseManifest(readFileSync(join(world.folder, 'manifest'), 'utf8'));
    expect(end?.outputBytes).toBe(Math.ceil(12_000_000 / chunk.length) * chunk.length);
    expect(segments.length).toBeGreaterThan(40);
    rmSync(world.folder, { recursive: true });
  });
});
