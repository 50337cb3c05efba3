import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { publicKeyLine } from '../../recording/signatures/keys.ts';
import { signSsh } from '../../recording/signatures/sshsig.ts';
import { namespaces } from '../../shared/protocol/signed.ts';
import { listSpool, readSpoolFolder, removeLeftovers, removeSpoolFolder } from './spool.ts';

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
