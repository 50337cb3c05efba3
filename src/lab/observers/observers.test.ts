import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readRelayLog } from './relay-log.ts';
import { readTargetLog } from './target-log.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'sallyport-observers-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What sshd 9.2 wrote, stamped as the lab stamps it. */
const session = '6a2f41b8-7f4e-4a54-9d62-0f3b8a4fd001';
const login = [
  '2026-11-24T08:00:50.298Z Connection from 127.0.0.1 port 53282 on 127.0.0.1 port 37135 rdomain ""',
  `2026-11-24T08:00:50.434Z Accepted publickey for root from 127.0.0.1 port 53282 ssh2: ED25519-CERT SHA256:4aG2 ID jonas ${session} web-01 (serial 7) CA ED25519 SHA256:spmg`,
  '',
].join('\n');

test('a certificate login is found by its session, and its end by its port', async () => {
  const file = path.join(folder, 'sshd.log');
  writeFileSync(file, login);
  const log = readTargetLog(file);
  expect(await log.acceptedLogin(0, session, 0)).toEqual({
    at: '2026-11-24T08:00:50.434Z',
    login: 'root',
    port: 53282,
    keyId: `jonas ${session} web-01`,
    authority: 'SHA256:spmg',
  });
  expect(await log.acceptedLogin(0, 'another', 0)).toBeNull();
  expect(await log.acceptedLogin(log.mark(), session, 0)).toBeNull();
  appendFileSync(file, '2026-11-24T08:00:51.000Z Connection closed by 127.0.0.1 port 532822\n');
  expect(await log.closed(0, 53282, 0)).toBeNull();
  appendFileSync(file, '2026-11-24T08:00:51.491Z Connection closed by 127.0.0.1 port 53282\n2026-11-24T08:00:5');
  expect(await log.closed(0, 53282, 0)).toMatchObject({ at: '2026-11-24T08:00:51.491Z' });
});

test('a relay line is waited for, and half a line is not read', async () => {
  const log = readRelayLog(folder);
  const file = path.join(folder, 'relay.log');
  expect(log.mark()).toBe(0);
  writeFileSync(file, `${JSON.stringify({ at: 't', event: 'open', sessionId: 'a' })}\n{"at":"t","event":"clo`);
  expect(log.linesSince(0).map((line) => line.event)).toEqual(['open']);
  const waiting = log.waitFor(0, (line) => line.event === 'closed', 2000);
  appendFileSync(file, 'sed","sessionId":"a","orderId":"o","ms":4.5}\n');
  expect(await waiting).toMatchObject({ orderId: 'o', ms: 4.5 });
  expect(await log.waitFor(0, (line) => line.event === 'refused', 30)).toBeNull();
});
