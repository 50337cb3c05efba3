import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sallyportOk } from '../../src/lab/control/command-line.ts';
import { type Lab, startLab } from '../../src/lab/lab.ts';
import { readTargetLog } from '../../src/lab/observers/target-log.ts';
import { waitUntil } from '../../src/lab/observers/wait.ts';
import { descendantsOf, gone } from '../../src/lab/processes.ts';
import { people } from '../../src/lab/seed/people.ts';
import { storedFiles } from '../../src/lab/tour/central-store.ts';
import { checkRecording, type StoredFiles } from '../../src/lab/tour/check-recording.ts';
import { searchAnswerSchema } from '../../src/shared/protocol/review-api.ts';
import { centralRecordings } from '../harness/recordings.ts';

const state = mkdtempSync(path.join(tmpdir(), 'sallyport-lab-'));
let lab: Lab;
beforeAll(async () => {
  lab = await startLab({ state });
});
afterAll(async () => {
  await lab?.stop();
  rmSync(state, { recursive: true, force: true });
});

test('a new lab has three finished recordings by real certificate logins', async () => {
  expect(lab.built).toBe(true);
  const recordings = await centralRecordings(lab);
  expect(recordings.map((each) => [each.target.name, each.route, each.state, each.endReason]).sort()).toEqual([
    ['edge-gw-01', 'direct', 'complete', 'exit 0'],
    ['edge-gw-01', 'direct', 'complete', 'exit 0'],
    ['web-01', 'relay', 'complete', 'exit 0'],
  ]);
  const web = recordings.find((each) => each.target.name === 'web-01');
  const login = await readTargetLog(lab.web.log).acceptedLogin(0, web?.sessionId ?? '', 0);
  expect(login?.keyId).toBe(`jonas ${web?.sessionId} web-01`);
  // Nothing of them stays where they were made.
  expect(readdirSync(lab.paths.seed)).toEqual([]);
});

test('the help desk finds in it who restarted a service, and when', async () => {
  const search = async () => {
    const asked = ['search', '"systemctl restart"', '--kind', 'command', '--since', '7d'];
    const answer = await sallyportOk(lab.control.socket, people.helpDesk.id, asked, searchAnswerSchema);
    return answer.hits.length > 0 ? answer.hits : null;
  };
  expect(await waitUntil(search, 10_000)).toMatchObject([
    { user: { id: 'jonas' }, target: { name: 'edge-gw-01' }, kind: 'command', text: 'sudo systemctl restart booking' },
  ]);
});

describe('the independent checker', () => {
  async function web(): Promise<{ sessionId: string; files: StoredFiles }> {
    const sessionId = (await centralRecordings(lab)).find((each) => each.target.name === 'web-01')?.sessionId ?? '';
    return { sessionId, files: storedFiles(lab.control.dataFolder, sessionId) };
  }

  /** A copy of the stored files in which one may be changed. */
  async function changed(
    name: string,
    change: (bytes: Buffer) => Buffer,
  ): Promise<Parameters<typeof checkRecording>[0]> {
    const { sessionId, files } = await web();
    const folder = mkdtempSync(path.join(state, 'copy-'));
    const listed = readFileSync(files.manifest, 'utf8').match(/\b\d{6}\.[a-z.]+\b/g) ?? [];
    for (const file of [files.manifest, files.signature, ...listed.map((each) => files.segment(each))])
      copyFileSync(file, path.join(folder, path.basename(file)));
    const at = (each: string) => path.join(folder, each);
    writeFileSync(at(name), change(readFileSync(at(name))));
    return {
      sessionId,
      files: { manifest: at('manifest'), signature: at('manifest.sig'), segment: at },
      identity: lab.paths.breakGlass,
    };
  }

  function flip(bytes: Buffer): Buffer {
    const at = bytes.length >> 1;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    return bytes;
  }

  test('opens both streams with stock programs', async () => {
    const { sessionId, files } = await web();
    const checked = await checkRecording({ files, sessionId, identity: lab.paths.breakGlass });
    expect(checked).toMatchObject({ endReason: 'exit 0' });
    // Output, input, text; at least the anchors of the grant and of the end.
    expect(checked.segments).toBeGreaterThanOrEqual(5);
    expect(checked.input).toContain('cat current/config/site.toml\r');
    expect(checked.output).toContain('ttl_seconds = 120\r\n');
  });

  test('names a stored file of which one bit was changed', async () => {
    for (const name of ['000000.cast.zst.age', '000000.input.cast.zst.age', '000000.anchor'])
      await expect(checkRecording(await changed(name, flip))).rejects.toThrow(`${name} is not what the manifest lists`);
  });

  test('refuses a changed manifest, and one without its end', async () => {
    const login = (bytes: Buffer) => Buffer.from(bytes.toString().replace('\nlogin "', '\nlogin "x'));
    await expect(checkRecording(await changed('manifest', login))).rejects.toThrow('signature of the manifest');
    const { sessionId } = await web();
    const other = await changed('manifest', (bytes) => bytes);
    await expect(checkRecording({ ...other, sessionId: `${sessionId}0` })).rejects.toThrow('another session');
  });
});

test('a second start uses what is there, and stopping leaves no process', async () => {
  const before = (await centralRecordings(lab)).map((each) => each.sessionId);
  const parts = [lab.control.process, lab.web.process, lab.edge.process];
  const pids = parts.flatMap((part) => [part.pid, ...descendantsOf(part.pid)]);
  await lab.stop();
  expect(await gone(pids, 1000)).toBe(true);
  const began = performance.now();
  const said: string[] = [];
  lab = await startLab({ state, onProgress: (words) => said.push(words) });
  expect(performance.now() - began).toBeLessThan(10_000);
  expect(lab.built).toBe(false);
  expect(said).toEqual(['control server', 'targets']);
  expect((await centralRecordings(lab)).map((each) => each.sessionId)).toEqual(before);
});
