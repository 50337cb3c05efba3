import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { publicKeyLine } from '../../recording/signatures/keys.ts';
import { signDocument } from '../../recording/signatures/signed.ts';
import { signSsh } from '../../recording/signatures/sshsig.ts';
import { namespaces } from '../../shared/protocol/signed.ts';
import { headOf, keepReceipt, listSpool, readSpoolFolder, removeLeftovers, removeSpoolFolder } from './spool.ts';

const sessionId = '22222222-2222-4222-8222-222222222222';
const key = generateKeyPairSync('ed25519').privateKey;
let spool: string;
let folder: string;

beforeEach(() => {
  spool = mkdtempSync(join(tmpdir(), 'spool-'));
  folder = join(spool, sessionId);
  mkdirSync(folder);
  const session = {
    version: 0,
    sessionId,
    userId: 'jonas',
    deviceId: 'device-1',
    targetName: 'web-01',
    startedAt: '2026-01-01T00:00:00.000Z',
    sessionKey: publicKeyLine(key),
    sessionKeyCertificate: 'x',
    server: 'https://127.0.0.1:1',
  };
  writeFileSync(join(folder, 'session.json'), JSON.stringify(session));
});
afterEach(() => rmSync(spool, { recursive: true, force: true }));

const sign = (message: string) => signSsh({ privateKey: key, namespace: namespaces.recording, message });

test('a pair whose writer died between signature and text is read by its signature', async () => {
  writeFileSync(join(folder, 'manifest'), 'one\n');
  writeFileSync(join(folder, 'manifest.next'), 'one\ntwo\n');
  writeFileSync(join(folder, 'manifest.sig'), sign('one\ntwo\n'));
  const content = await readSpoolFolder(folder, null);
  expect(content).toMatchObject({ damaged: false, manifest: { lines: ['one', 'two'] } });
});

test('a text that neither is what was signed is damage', async () => {
  writeFileSync(join(folder, 'manifest'), 'one\n');
  writeFileSync(join(folder, 'manifest.sig'), sign('another\n'));
  expect(await readSpoolFolder(folder, null)).toMatchObject({ damaged: true, manifest: null });
});

test('segments and anchors are the parts of a manifest, in its order; its last receipts are worth no other receipt', async () => {
  const digest = 'ab'.repeat(32);
  const text = [
    'header',
    `segment output 0 000000.cast.zst.age ${digest} 10 0 1 o:1 4 ${digest} size`,
    `anchor 0 000000.anchor ${digest} 20 1 head 2 ${digest}`,
    `segment text 0 000000.text.zst.age ${digest} 30 0 1 - 0 ${digest} size`,
    `receipt 3 ${digest} ${digest}`,
    '',
  ].join('\n');
  writeFileSync(join(folder, 'manifest'), text);
  writeFileSync(join(folder, 'manifest.sig'), sign(text));
  const { manifest } = (await readSpoolFolder(folder, null)) ?? {};
  expect(manifest?.parts.map(({ stream, file, line, frames }) => [stream, file, line, frames])).toEqual([
    ['output', '000000.cast.zst.age', 1, 4],
    ['anchor', '000000.anchor', 2, 0],
    ['text', '000000.text.zst.age', 3, 0],
  ]);
  expect([manifest?.worth, manifest?.lines.length]).toEqual([4, 5]);
});

test('every receipt is kept once; the newest that is the server’s and fits counts, whatever else lies there', async () => {
  const serverKey = generateKeyPairSync('ed25519').privateKey;
  const text = 'one\ntwo\nthree\n';
  writeFileSync(join(folder, 'manifest'), text);
  writeFileSync(join(folder, 'manifest.sig'), sign(text));
  const receipt = (lines: number, head: string, by = serverKey) =>
    signDocument({
      privateKey: by,
      namespace: namespaces.receipt,
      value: {
        version: 1,
        sessionId,
        lines,
        head,
        segments: 0,
        bytes: 0,
        ended: false,
        wire: null,
        at: '2026-01-01T00:00:00.000Z',
      },
    });
  const lines = ['one', 'two', 'three'];
  const first = receipt(1, headOf(lines, 1));
  const second = receipt(2, headOf(lines, 2));
  for (const one of [first, second, first, receipt(3, headOf(lines, 3), key), receipt(3, 'ab'.repeat(32))])
    await keepReceipt(folder, one);
  const content = await readSpoolFolder(folder, publicKeyLine(serverKey));
  expect(content?.receipt).toMatchObject({ lines: 2 });
  expect(content?.receiptTimes.map((one) => one.lines)).toEqual([1, 2, 3, 3]);
});

test('a removed folder is gone; removing it again is fine', async () => {
  await removeSpoolFolder(spool, sessionId);
  await removeSpoolFolder(spool, sessionId);
  expect(readdirSync(spool)).toEqual([]);
});

test('a removal that was cut off is no recording, and is ended by the next run', async () => {
  const other = '33333333-3333-4333-8333-333333333333';
  mkdirSync(join(spool, `.done-${other}`, 'rest'), { recursive: true });
  mkdirSync(join(spool, '.not-ours'));
  expect(await listSpool(spool)).toEqual([sessionId]);
  await removeLeftovers(spool);
  expect(readdirSync(spool).sort()).toEqual(['.not-ours', sessionId]);
});
