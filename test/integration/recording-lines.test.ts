import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parseManifest } from '../../src/recording/manifest/parse-manifest.ts';
import { readManifestPair } from '../../src/recording/signatures/manifest-pair.ts';
import { signDocument } from '../../src/recording/signatures/signed.ts';
import type { Recorder } from '../../src/session/recorder/recorder.ts';
import { namespaces, type Signed } from '../../src/shared/protocol/signed.ts';
import type { Manifest } from '../../src/shared/record/manifest.ts';
import { cleanExit, makeRecordingWorld, type RecordingWorld, startRecorder } from './recording-fixture.ts';

/** Lines of a manifest that are no segments: anchors and receipts, in one chain with them. */
describe('anchors and receipts in a manifest', () => {
  const folders: string[] = [];

  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  async function start(): Promise<{ world: RecordingWorld; recorder: Recorder }> {
    const world = await makeRecordingWorld();
    folders.push(world.folder);
    return { world, recorder: await startRecorder(world) };
  }

  function manifestOf(world: RecordingWorld): Manifest {
    return parseManifest(readFileSync(join(world.folder, 'manifest'), 'utf8'));
  }

  function receiptFor(world: RecordingWorld, lines: number, head: string): Signed {
    const value = {
      version: 1,
      sessionId: world.grant.sessionId,
      lines,
      head,
      segments: 0,
      bytes: 0,
      ended: false,
      wire: null,
      at: '2026-11-24T08:00:00.000Z',
    };
    return signDocument({ privateKey: world.serverKey, namespace: namespaces.receipt, value });
  }

  it('keeps an anchor for the grant and one for the head it covered, and counts them in the end', async () => {
    const { world, recorder } = await start();
    const parts: string[] = [];
    recorder.onSealed(({ stream, seq }) => parts.push(`${stream} ${seq}`));
    await recorder.keepAnchor({ subject: 'grant', lines: 0, fileOf: async (seq) => Buffer.from(`anchor ${seq}`) });
    recorder.output(Buffer.from('$ '));
    const covered = recorder.covered();
    expect(covered.digest).toBe(manifestOf(world).heads[covered.lines]);
    await recorder.keepAnchor({
      subject: 'head',
      lines: covered.lines,
      fileOf: async (seq) => Buffer.from(`a ${seq}`),
    });
    expect(await recorder.close(cleanExit)).toEqual({ complete: true });
    const { anchors, end, heads } = manifestOf(world);
    expect(parts).toEqual(['anchor 0', 'anchor 1', 'output 0', 'text 0']);
    expect(anchors.map(({ seq, file, subject, lines }) => ({ seq, file, subject, lines }))).toEqual([
      { seq: 0, file: '000000.anchor', subject: 'grant', lines: 0 },
      { seq: 1, file: '000001.anchor', subject: 'head', lines: covered.lines },
    ]);
    expect(heads[covered.lines]).toBe(covered.digest);
    expect(end).toMatchObject({ anchors: 2, outputSegments: 1, inputSegments: 0, textSegments: 1 });
    const stored = readFileSync(join(world.folder, '000001.anchor'));
    expect(stored.toString()).toBe('a 1');
    expect(anchors[1]).toMatchObject({ bytes: 3, sha256: createHash('sha256').update(stored).digest('hex') });
  });

  it('goes on without an anchor that could not be made, and gives its number to the next', async () => {
    const { world, recorder } = await start();
    const failing = recorder.keepAnchor({
      subject: 'grant',
      lines: 0,
      fileOf: () => Promise.reject(new Error('no secret')),
    });
    await expect(failing).rejects.toThrow('no secret');
    await recorder.keepAnchor({ subject: 'grant', lines: 0, fileOf: async (seq) => Buffer.from(`anchor ${seq}`) });
    expect(await recorder.close(cleanExit)).toEqual({ complete: true });
    expect(manifestOf(world).anchors.map(({ seq }) => seq)).toEqual([0]);
    const late = recorder.keepAnchor({ subject: 'grant', lines: 0, fileOf: async () => Buffer.alloc(1) });
    await expect(late).rejects.toMatchObject({ code: 'SP-3011' });
  });

  it('makes a receipt a line once, signed with the next part, and leaves out an older one', async () => {
    const { world, recorder } = await start();
    const { lines, digest } = recorder.covered();
    expect(recorder.headOf(lines)).toBe(digest);
    expect(recorder.headOf(lines + 1)).toBeNull();
    expect(recorder.headOf(lines - 1)).toBeNull();
    const receipt = receiptFor(world, lines, digest);
    recorder.receipt(receipt);
    recorder.receipt(receipt);
    expect(manifestOf(world).receipts).toEqual([]);
    recorder.output(Buffer.from('$ '));
    expect(await recorder.close(cleanExit)).toEqual({ complete: true });
    const sha256 = createHash('sha256').update(receipt.payload).digest('hex');
    expect(manifestOf(world).receipts).toMatchObject([{ lines, sha256 }]);
    // The signature stands for the line as well.
    expect(await readManifestPair(world.folder, world.keys.sessionKey)).toMatchObject({
      manifest: manifestOf(world).text,
    });
  });
});
