import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ManifestWriter } from '../../src/recording/manifest/manifest-writer.ts';
import { parseManifest } from '../../src/recording/manifest/parse-manifest.ts';
import { readManifestPair, writeManifestPair } from '../../src/recording/signatures/manifest-pair.ts';
import { signDocument } from '../../src/recording/signatures/signed.ts';
import { signSsh } from '../../src/recording/signatures/sshsig.ts';
import { verifyFolder } from '../../src/recording/verify/verify-folder.ts';
import type { KeyedStream } from '../../src/shared/model/recording.ts';
import { namespaces } from '../../src/shared/protocol/signed.ts';
import type { ManifestHeader } from '../../src/shared/record/manifest.ts';
import { rewrite } from '../harness/mutations/insider.ts';
import { readFolder, WorkingFolder } from '../harness/mutations/real-recording.ts';
import { cleanExit, makeRecordingWorld, type RecordingWorld, startRecorder } from './recording-fixture.ts';

describe('verify', () => {
  let world: RecordingWorld;
  let otherWorld: RecordingWorld;

  async function record(): Promise<RecordingWorld> {
    const made = await makeRecordingWorld();
    const recorder = await startRecorder(made);
    for (let index = 0; index < 9000; index += 1)
      recorder.output(Buffer.from(`line ${index} ${'#'.repeat(index % 90)}\r\n`));
    recorder.input(Buffer.from('uptime\r'));
    recorder.exit('0');
    expect(await recorder.close(cleanExit)).toEqual({ complete: true });
    const { heads, lines, header } = parseManifest(readFileSync(join(made.folder, 'manifest'), 'utf8'));
    const receipt = (covered: number, ended: boolean) =>
      signDocument({
        privateKey: made.serverKey,
        namespace: namespaces.receipt,
        value: {
          version: 1,
          sessionId: header.session,
          lines: covered,
          head: heads[covered],
          segments: 1,
          bytes: 1,
          ended,
          wire: null,
          at: 'now',
        },
      });
    writeFileSync(
      join(made.folder, 'receipts.json'),
      JSON.stringify([receipt(lines - 2, false), receipt(lines, true)]),
    );
    writeFileSync(join(made.folder, 'keys.json'), JSON.stringify(made.keys));
    return made;
  }

  beforeAll(async () => {
    [world, otherWorld] = await Promise.all([record(), record()]);
  });

  /** Verifies a copy of the recording after something was done to it. */
  async function verifyAfter(
    change: (folder: string) => void | Promise<void>,
    keys = {},
    identities: Record<string, string> = {},
  ) {
    const folder = mkdtempSync(join(tmpdir(), 'verify-'));
    cpSync(world.folder, folder, { recursive: true });
    await change(folder);
    const result = await verifyFolder(folder, keys, identities);
    rmSync(folder, { recursive: true });
    return result;
  }

  function edit(folder: string, name: string, change: (text: string) => string): void {
    writeFileSync(join(folder, name), change(readFileSync(join(folder, name), 'utf8')));
  }

  /** What an insider with the session's key could do: change the manifest and sign it again. */
  function resign(folder: string, change: (text: string) => string): void {
    edit(folder, 'manifest', change);
    const message = readFileSync(join(folder, 'manifest'), 'utf8');
    writeFileSync(
      join(folder, 'manifest.sig'),
      signSsh({ privateKey: world.options.sessionKey, namespace: namespaces.recording, message }),
    );
  }

  /** The same segments and end under another header, with a chain that holds. */
  function rewritten(text: string, changes: Partial<ManifestHeader>): string {
    const { header, segments, end } = parseManifest(text);
    const writer = new ManifestWriter({ ...header, ...changes });
    for (const segment of segments) writer.segment(segment);
    if (end !== null) writer.end(end);
    return writer.text;
  }

  it('says yes to what was recorded, and what it looked at', async () => {
    const result = await verifyAfter(() => undefined);
    expect(result).toMatchObject({ ok: true, firstBad: null, ended: true });
    expect(result.checks.map((check) => check.name)).toEqual([
      'server key',
      'manifest chain',
      'manifest signature',
      'session key',
      'grant',
      'segments',
      'anchors',
      'receipts',
      'wire',
      'evidence',
      'end',
    ]);
    expect(result.segments).toBeGreaterThan(2);
  });

  it('opens everything that the keys open, and says what stayed shut', async () => {
    const { output, input, breakGlass } = world.identities;
    const all = await verifyFolder(world.folder, {}, [breakGlass]);
    expect(all).toMatchObject({ ok: true, notWhole: null, opened: ['output', 'input', 'text'] });
    const said = (name: string, result = all) => result.checks.find((check) => check.name === name)?.detail;
    expect(said('contents')).toMatch(/^\d+ bytes of output, 7 bytes of input$/);
    expect(said('journal')).toMatch(/^0 frames go on where the segments stop/);
    expect(said('evidence')).toBe('recorder only');
    const some = await verifyFolder(world.folder, {}, [output]);
    expect(some).toMatchObject({ ok: true, opened: ['output', 'text'] });
    expect(said('contents', some)).toMatch(/^\d+ bytes of output, input not opened: no key$/);
    const wrong = await verifyFolder(world.folder, {}, { output: input });
    expect(wrong.firstBad).toMatchObject({ where: 'output segment 0 (000000.cast.zst.age)' });
  });

  it('finds what segments hold that they cannot hold, though they are sealed, listed and signed anew', async () => {
    const files = readFolder(world.folder);
    const { output, input } = world.identities;
    const made = {
      files,
      identities: { output, input, text: output },
      serverKey: '',
      sessionKey: world.options.sessionKey,
    };
    const texts = async (stream: KeyedStream, seq: number, change: (lines: string[]) => string[]) =>
      verifyAfter(
        async (folder) => {
          const changed = await rewrite(made, {
            segments: [{ stream, seq }],
            change: (text) => change(text.split('\n')).join('\n'),
            keepAnchor: () => true,
            keepReceiptLine: () => true,
            keepReceipt: () => false,
          });
          new WorkingFolder(folder).hold(changed);
          rmSync(join(folder, 'journal'));
        },
        {},
        made.identities,
      ).then(({ firstBad }) => `${firstBad?.where}: ${firstBad?.what}`);
    // A sidecar that says only that it was not kept is no fault, but the recording is not whole.
    const silent = await rewrite(made, {
      segments: [{ stream: 'text', seq: 1 }],
      change: (text) => `${text.split('\n')[0]}\n{"t":1,"gap":"The text of this segment was not kept."}\n`,
      keepAnchor: () => true,
      keepReceiptLine: () => true,
      keepReceipt: () => false,
    });
    const unsaid = await verifyAfter((folder) => new WorkingFolder(folder).hold(silent), {}, made.identities);
    expect(unsaid.firstBad).toBeNull();
    expect(unsaid.notWhole).toContain('1 texts say that they were not kept');
    expect(await texts('output', 1, (lines) => lines.toSpliced(-3, 1))).toMatch(
      /^output segment 1 .*: holds \d+ events "o"/,
    );
    expect(await texts('output', 1, (lines) => lines.with(-2, lines.at(-2)?.replace(/\d(\D*)$/, '$1') ?? ''))).toMatch(
      /^(output segment 2 .*: begins at byte|end line: says \d+ bytes of output)/,
    );
    expect(
      await texts('output', 1, (lines) => lines.with(0, lines[0]?.replace('"segment":1', '"segment":2') ?? '')),
    ).toMatch(/^output segment 1 .*: is another segment/);
    expect(await texts('output', 1, (lines) => lines.with(1, lines[1]?.replace('line', 'lime') ?? ''))).toMatch(
      /^output segment 1 .*: begins with a screen that the output before it does not draw$/,
    );
    expect(await texts('text', 0, (lines) => lines.toSpliced(5, 1))).toMatch(
      /^text segment 0 .*: is not the text that the output draws$/,
    );
    expect(await texts('input', 0, (lines) => lines.map((line) => line.replace('uptime', 'reboot now')))).toBe(
      'end line: says 7 bytes of input, its segments hold 11',
    );
  });

  it("says whether the server's key was the asker's own", async () => {
    const beside = await verifyAfter(() => undefined);
    expect(beside).toMatchObject({ ok: true, pinned: false });
    expect(beside.checks[0]?.detail).toContain('not pinned');
    const pinned = await verifyAfter(() => undefined, { serverKey: world.keys.serverKey });
    expect(pinned).toMatchObject({ ok: true, pinned: true });
    expect(pinned.checks[0]).toEqual({ name: 'server key', ok: true, detail: 'pinned' });
  });

  it('names the file in which any one bit was changed', async () => {
    const sealed = readdirSync(world.folder).filter((name) => name.endsWith('.age'));
    for (const name of sealed) {
      const stored = readFileSync(join(world.folder, name));
      for (const at of [0, stored.length >> 1, stored.length - 1]) {
        const result = await verifyAfter((folder) => {
          const changed = Buffer.from(stored);
          changed[at] = changed[at]! ^ 4;
          writeFileSync(join(folder, name), changed);
        });
        expect(result.ok).toBe(false);
        expect(result.firstBad?.where).toContain(name);
      }
    }
  });

  it('names a segment that is missing, cut, swapped with another, or of another recording', async () => {
    const first = '000000.cast.zst.age';
    const second = '000001.cast.zst.age';
    const places = await Promise.all([
      verifyAfter((folder) => rmSync(join(folder, second))),
      verifyAfter((folder) =>
        writeFileSync(join(folder, second), readFileSync(join(world.folder, second)).subarray(0, -1)),
      ),
      verifyAfter((folder) => {
        renameSync(join(folder, first), join(folder, 'x'));
        renameSync(join(folder, second), join(folder, first));
        renameSync(join(folder, 'x'), join(folder, second));
      }),
      verifyAfter((folder) => cpSync(join(otherWorld.folder, second), join(folder, second))),
    ]);
    expect(places.map((result) => result.firstBad?.where.slice(0, 16))).toEqual([
      'output segment 1',
      'output segment 1',
      'output segment 0',
      'output segment 1',
    ]);
  });

  it('names the first line that does not follow when the manifest was changed, and its signature', async () => {
    const lines = readFileSync(join(world.folder, 'manifest'), 'utf8').split('\n').length - 1;
    for (let at = 0; at < lines; at += 1) {
      const result = await verifyAfter((folder) =>
        edit(folder, 'manifest', (text) => text.split('\n').toSpliced(at, 1).join('\n')),
      );
      expect(result.ok).toBe(false);
      expect(result.checks.find((check) => check.name === 'manifest signature')?.ok).toBe(false);
      if (at < lines - 1) expect(result.firstBad?.where).toMatch(/^manifest line \d+$/);
    }
  });

  it('finds a manifest that was rewritten and signed again: by the grant, or by the receipts', async () => {
    const login = await verifyAfter((folder) => resign(folder, (text) => rewritten(text, { login: 'nobody' })));
    expect(login.firstBad).toEqual({ where: 'manifest header', what: 'its "login" is not what was granted' });
    const claims = await verifyAfter((folder) => resign(folder, (text) => rewritten(text, { software: 'another' })));
    expect(claims.firstBad).toMatchObject({ where: 'receipt 1' });
    const cut = await verifyAfter((folder) =>
      resign(folder, (text) => `${text.split('\n').slice(0, -3).join('\n')}\n`),
    );
    expect(cut.firstBad).toMatchObject({ where: 'receipt 2', what: expect.stringContaining('lines were removed') });
    expect(cut.ended).toBe(false);
  });

  it("finds another recording under this name, and keys that are not the server's or the device's", async () => {
    const swapped = await verifyAfter((folder) => {
      for (const name of readdirSync(otherWorld.folder))
        if (name !== 'grant.json' && name !== 'keys.json') cpSync(join(otherWorld.folder, name), join(folder, name));
    });
    expect(swapped.ok).toBe(false);
    const server = await verifyAfter(() => undefined, { serverKey: otherWorld.keys.serverKey });
    expect(server.firstBad?.where).toBe('grant');
    const device = await verifyAfter(() => undefined, { deviceKey: otherWorld.keys.deviceKey });
    expect(device.firstBad?.where).toBe('session key certificate');
  });

  it('finds a pair that its writer did not finish, at whichever step it stopped', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pair-'));
    const sign = (manifest: string) => ({
      manifest,
      signature: signSsh({ privateKey: world.options.sessionKey, namespace: namespaces.recording, message: manifest }),
    });
    const [older, newer] = [sign('one\n'), sign('one\ntwo\n')];
    await writeManifestPair(folder, older);
    const read = () => readManifestPair(folder, world.keys.sessionKey);
    expect(await read()).toEqual(older);
    writeFileSync(join(folder, 'manifest.next'), newer.manifest);
    expect(await read()).toEqual(older);
    writeFileSync(join(folder, 'manifest.sig'), newer.signature);
    expect(await read()).toEqual(newer);
    renameSync(join(folder, 'manifest.next'), join(folder, 'manifest'));
    expect(await read()).toEqual(newer);
    writeFileSync(join(folder, 'manifest'), 'three\n');
    expect(await read()).toBeNull();
  });
});
