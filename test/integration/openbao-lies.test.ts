import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type FakeVault, type Signing, startFakeVault } from '../harness/fake-vault.ts';
import { type Device, startWorld, type World } from './live-world/world.ts';

// Honest answers take up to half a second on a busy machine.
const requestMs = 1500;
let vault: FakeVault;
let world: World;
let jonas: Device;

beforeAll(async () => {
  vault = await startFakeVault();
  world = await startWorld({ vault: { ...vault.vault, requestMs } });
  const hostKeys = ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBTR8USnqh7ijXwHLnHtrUtPF599DgEHTaz2JRJXLqEb'];
  await world.apply([{ name: 'web-01', host: '10.1.2.3', logins: [{ name: 'deploy' }], hostKeys }]);
  jonas = await world.enrol('jonas');
});
afterEach(() => vault.honest());
afterAll(async () => {
  await world?.close();
  await vault?.close();
});

const open = () => world.open(jonas, 'web-01', 'deploy');

async function audited(): Promise<{ event: string; detail: unknown }[]> {
  return world.server.context.reader.selectFrom('audit_events').select(['event', 'detail']).orderBy('id').execute();
}

/** A refusal that left no session and no secret behind. Answers the facts. */
async function refused(words: RegExp): Promise<void> {
  const sessions = () => world.server.context.reader.selectFrom('sessions').select('id').execute();
  const before = await sessions();
  await expect(open()).rejects.toMatchObject({ code: 'SP-5006', message: expect.stringMatching(words) });
  expect(await sessions()).toEqual(before);
  const log = readFileSync(path.join(world.server.context.dataFolder, 'audit.log'), 'utf8');
  expect(log).not.toMatch(/canary/);
}

describe('a vault that lies', () => {
  it('is believed while it does not', async () => {
    expect((await open()).grant.credential.kind).toBe('certificate');
  });

  it.each<[string, string, (signing: Signing) => Partial<Signing>]>([
    ['for another principal', 'principals', () => ({ principals: 'root' })],
    ['for one more principal', 'principals', () => ({ principals: 'deploy,root' })],
    ['with port forwarding', 'extensions', (s) => ({ options: [...s.options, '-O', 'permit-port-forwarding'] })],
    ['with a forced command', 'critical-options', (s) => ({ options: [...s.options, '-O', 'force-command=id'] })],
    ['of a longer life', 'validity', () => ({ validity: '-1m:+1h' })],
    ['for another key', 'key', () => ({ publicKey: readFileSync(vault.otherKey, 'utf8').trim() })],
    ['for another person', 'key-id', (s) => ({ keyId: s.keyId.replace('jonas', 'eeva') })],
    ['of another authority', 'authority', () => ({ authority: vault.otherAuthority })],
    ['of a host', 'type', () => ({ options: ['-h'] })],
  ])('with a certificate %s: refused and audited', async (_name, check, change) => {
    vault.lie((signing) => ({ ...signing, ...change(signing) }));
    await refused(new RegExp(`another certificate than the one it was asked for \\(${check}\\)`));
    const [lie, refusal] = (await audited()).slice(-2);
    expect(lie).toMatchObject({ event: 'vault.certificate-refused', detail: { check, target: 'web-01' } });
    expect(refusal).toMatchObject({ event: 'session.refused', detail: { code: 'SP-5006' } });
  });

  it.each<[string, RegExp, Parameters<FakeVault['answer']>[0]]>([
    ['never answers', /did not answer in time/, () => undefined],
    ['sends a body without end, slowly', /did not answer in time/, drip],
    ['sends a body without end, fast', /cannot use/, flood],
    ['sends no JSON', /cannot use/, (_request, response) => response.end('<html>')],
    ['sends another shape', /cannot use/, (_request, response) => response.end('{"data":{"signed_key":7}}')],
    [
      'sends no certificate',
      /another certificate/,
      (_request, response) => response.end('{"data":{"signed_key":"x"}}'),
    ],
    ['is broken', /cannot use/, (_request, response) => response.writeHead(500).end('{"errors":["canary"]}')],
    ['is a standby', /not ready/, (_request, response) => response.writeHead(307, { location: 'https://x/' }).end()],
    ['has had enough', /did not answer in time/, (_request, response) => response.writeHead(429).end()],
    ['hangs up', /cannot be reached/, (request) => request.socket.destroy()],
  ])('or that %s: refused in words, within its time', async (_name, words, handler) => {
    vault.answer(handler);
    const began = performance.now();
    await refused(words);
    expect(performance.now() - began).toBeLessThan(requestMs + 4000);
  });

  it('and a slow one hold up nobody: what needs no vault is answered, and many that need it do not wait one after the other', async () => {
    vault.answer(() => undefined);
    const began = performance.now();
    const waiting = Array.from({ length: 20 }, () => open().catch((error: unknown) => error));
    await world.target(jonas, 'web-01');
    for (const answer of await Promise.all(waiting)) expect(answer).toMatchObject({ code: 'SP-5006' });
    expect(performance.now() - began).toBeLessThan(5 * requestMs);
  });
});

/** Spaces, which JSON lets stand before a value: only a bound on the size ends it before the time does. */
function flood(_request: unknown, response: ServerResponse): void {
  const spaces = Buffer.alloc(1_048_576, 32);
  const more = (): void => {
    while (!response.destroyed && response.write(spaces));
  };
  response.on('drain', more);
  more();
}

function drip(_request: unknown, response: ServerResponse): void {
  const timer = setInterval(() => response.write(' '), 50);
  response.on('close', () => clearInterval(timer));
}
