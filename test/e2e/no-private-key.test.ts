import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { openEmbeddedVault } from '../../src/control/broker/vault/embedded-vault.ts';
import { connectByKeyboard, promptPattern, screenShows, typeInto } from '../../src/lab/tour/screen.ts';
import { spooled } from '../../src/lab/tour/steps.ts';
import { SshReader } from '../../src/recording/signatures/wire.ts';
import { grantPayloadSchema, signedSchema } from '../../src/shared/protocol/signed.ts';
import { certificateOf } from '../harness/certificate-grant.ts';
import { allPids } from '../harness/launcher-processes.ts';
import { publicOfSeed, searchFiles, searchMemory, type Wanted } from '../harness/memory-search.ts';
import { bootWorld, type OpenedLauncher, type World } from '../harness/world.ts';

let world: World;
let launcher: OpenedLauncher;
let tab = '';
let wanted: Wanted;
beforeAll(async () => {
  world = await bootWorld();
  launcher = await world.openLauncher();
  tab = await connectByKeyboard(launcher, 'web-01');
  await screenShows(launcher, tab, promptPattern, 20_000);
  await typeInto(launcher, tab, 'echo in-use\n');
  await screenShows(launcher, tab, /^in-use\s*$/m);
  wanted = await keysThatLogIn();
});
afterAll(() => world?.close());

/** The seed of an ed25519 private key. */
function seedOf(key: ReturnType<typeof createPrivateKey>): Buffer {
  return Buffer.from(z.object({ d: z.string() }).parse(key.export({ format: 'jwk' })).d, 'base64url');
}

/** The keys that log in: the authority's, which makes certificates, and the one that this session's certificate is for. */
async function keysThatLogIn(): Promise<Wanted> {
  const vault = await openEmbeddedVault({ dataFolder: world.lab.control.dataFolder });
  const stored = await vault.get('ssh-authority');
  if (stored === null) throw new Error('the vault has no authority');
  const authority = seedOf(createPrivateKey({ key: stored, format: 'der', type: 'pkcs8' }));
  const [session] = spooled(launcher.userData);
  if (session === undefined) throw new Error('no session is in the spool');
  const grant = signedSchema.parse(
    JSON.parse(readFileSync(path.join(launcher.userData, 'spool', session, 'grant.json'), 'utf8')),
  );
  const credential = certificateOf(grantPayloadSchema.parse(JSON.parse(grant.payload)));
  // PROTOCOL.certkeys: string type, string nonce, string public key.
  const certificate = new SshReader(Buffer.from(credential.certificate, 'base64'));
  certificate.string();
  certificate.string();
  return {
    needles: new Map([['the authority', authority]]),
    publicKeys: new Map([
      ['the authority', publicOfSeed(authority)],
      ['the key of this login', certificate.string()],
    ]),
  };
}

// Only root may read the memory of sandboxed processes.
const readsMemory = process.getuid?.() === 0;

test.skipIf(!readsMemory)(
  'security 3b: while a session runs, no key that logs in is in any process of the launcher',
  async () => {
    let bytes = 0;
    for (const pid of allPids(launcher)) {
      const searched = searchMemory(pid, wanted);
      expect(searched.findings).toEqual([]);
      bytes += searched.bytes;
    }
    // Four processes and more of Chromium: less would mean that nothing was read.
    expect(bytes).toBeGreaterThan(100 * 1024 * 1024);
    await typeInto(launcher, tab, 'echo still-here\n');
    await screenShows(launcher, tab, /^still-here\s*$/m);
  },
);

test('security 3b: nor in any of its files', async () => {
  const searched = searchFiles(launcher.userData, wanted);
  expect(searched.findings).toEqual([]);
  expect(searched.files).toBeGreaterThan(3);
});

test.skipIf(!readsMemory)('security 3b: the same search finds keys that are planted, in each form', async () => {
  const planted = generateKeyPairSync('ed25519').privateKey;
  const seed = seedOf(planted);
  const key = publicOfSeed(seed);
  const pem = planted.export({ format: 'pem', type: 'pkcs8' });
  const looked: Wanted = { needles: new Map([['planted', seed]]), publicKeys: new Map([['planted', key]]) };
  const search = () => searchMemory(launcher.pid, looked).findings.map((each) => each.what);
  expect(search()).toEqual([]);
  // A key object in the main process, as a login would need one: BoringSSL's memory.
  await launcher.app.evaluate((_, text) => {
    const keep = globalThis as { plantedKey?: unknown };
    keep.plantedKey = process.getBuiltinModule('node:crypto').createPrivateKey(text);
  }, String(pem));
  expect(search()).toEqual(expect.arrayContaining(['the bytes of planted', 'planted beside its public half']));
  writeFileSync(path.join(launcher.userData, 'planted.pem'), planted.export({ format: 'der', type: 'pkcs8' }));
  expect(searchFiles(launcher.userData, looked).findings.map((each) => each.what)).toContain('planted as PKCS8');
});
