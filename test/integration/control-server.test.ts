import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeConfig } from '../../src/control/config/config.ts';
import { takeDataFolder } from '../../src/control/config/data-folder.ts';
import { openTls } from '../../src/control/config/tls.ts';
import { startServer } from '../../src/control/server.ts';
import { controlApi } from '../../src/shared/protocol/control-api.ts';
import { isPostgresRun } from '../harness/test-database.ts';
import { makeDeviceKey } from './control-world/device.ts';
import { makeDocument, startWorld, type World } from './control-world/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ enrolmentsPerMinute: 5 });
});
afterAll(() => world.close());

describe('the data folder', () => {
  test('is closed to others, and so is everything that was made in it', () => {
    // With PostgreSQL the vault and the authority's key are in the database.
    const inFolder = isPostgresRun() ? [] : ['vault', 'tls/authority.key'];
    const modes = ['', 'control.sock', 'audit.log', 'vault.key', 'tls', 'tls/server.key', ...inFolder].map((name) => [
      name,
      (statSync(path.join(world.folder, name)).mode & 0o777).toString(8),
    ]);
    expect(modes.filter(([, mode]) => mode !== '600' && mode !== '700')).toEqual([]);
  });

  test('belongs to one server at a time, and is free when that one is gone', async () => {
    await expect(
      startServer({ data: world.folder, listen: '127.0.0.1:0', database: 'memory', logLevel: 'silent' }),
    ).rejects.toMatchObject({ code: 'SP-5009' });
    expect((await world.ask('/v1/server')).status).toBe(200);
    const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-lock-'));
    const first = takeDataFolder(folder);
    expect(() => takeDataFolder(folder)).toThrowError(expect.objectContaining({ code: 'SP-5009' }));
    first.release();
    takeDataFolder(folder).release();
    rmSync(folder, { recursive: true });
  });
});

describe('TLS', () => {
  test('the chain includes the root that an invite names, and holds against it', async () => {
    const port = Number(new URL(world.server.address).port);
    const sent = await new Promise<Buffer[]>((resolve, reject) => {
      // Believes nothing, as a launcher before its enrolment: what it sees is what was sent.
      const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
        const found: Buffer[] = [];
        let certificate = socket.getPeerCertificate(true);
        while (certificate !== undefined && !found.some((raw) => raw.equals(certificate.raw))) {
          found.push(certificate.raw);
          certificate = certificate.issuerCertificate;
        }
        socket.destroy();
        resolve(found);
      });
      socket.once('error', reject);
    });
    expect(sent).toHaveLength(2);
    expect(createHash('sha256').update(sent[1]!).digest('hex')).toBe(world.server.trustRoot);
    const believed = await new Promise<boolean>((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, ca: readFileSync(world.server.caFile) }, () => {
        resolve(socket.authorized);
        socket.destroy();
      });
      socket.once('error', reject);
    });
    expect(believed).toBe(true);
  });

  test('the authority stays over restarts; the certificate is made anew for another name or near its end', async () => {
    const data = mkdtempSync(path.join(tmpdir(), 'sallyport-tls-'));
    const config = (name: string) => makeConfig({ data, listen: '127.0.0.1:0', name });
    const now = new Date();
    const first = await openTls(config('pam.example.com'), now);
    expect(await openTls(config('pam.example.com'), now)).toEqual(first);
    const renamed = await openTls(config('other.example.com'), now);
    expect(renamed.trustRoot).toBe(first.trustRoot);
    expect(renamed.chain).not.toBe(first.chain);
    const later = await openTls(config('other.example.com'), new Date(now.getTime() + 350 * 86_400_000));
    expect(later.trustRoot).toBe(first.trustRoot);
    expect(later.chain).not.toBe(renamed.chain);
    rmSync(data, { recursive: true });
  });

  test("a certificate of one's own needs its key and its root", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-tls-'));
    const made = await openTls(makeConfig({ data: folder, listen: '127.0.0.1:0' }), new Date());
    const own = (certificate: string, key: string) =>
      openTls(
        makeConfig({
          data: folder,
          listen: '127.0.0.1:0',
          tlsCertificate: path.join(folder, certificate),
          tlsKey: path.join(folder, key),
        }),
        new Date(),
      );
    await expect(own('tls/server.crt', 'tls/server.key')).rejects.toMatchObject({
      code: 'SP-5001',
      message: expect.stringContaining('root'),
    });
    await expect(own('tls/authority.crt', 'tls/server.key')).rejects.toMatchObject({
      code: 'SP-5001',
      message: expect.stringContaining('belongs'),
    });
    await expect(own('nothing.crt', 'tls/server.key')).rejects.toMatchObject({ code: 'SP-5001' });
    expect(await own('tls/authority.crt', 'tls/authority.key')).toMatchObject({ trustRoot: made.trustRoot });
    rmSync(folder, { recursive: true });
  });
});

describe('the API', () => {
  test('serves every method of the table and describes it', async () => {
    const answer = await world.ask('/openapi.json');
    const paths = answer.json.paths as Record<string, Record<string, { operationId: string }>>;
    const described = Object.values(paths).flatMap((methods) => Object.values(methods).map((each) => each.operationId));
    expect(described.sort()).toEqual(Object.keys(controlApi).sort());
  });

  test.each(Object.entries(controlApi).filter(([, method]) => method.auth !== 'none'))(
    '%s wants a proof',
    async (_name, method) => {
      const url = method.path
        .replace(/:stream/, 'output')
        .replace(/:seq/, '0')
        .replace(/:\w+/g, 'x');
      const answer = await world.ask(url, { method: method.method });
      expect(answer.status).toBe(method.auth === 'local' ? 403 : 401);
    },
  );

  test('problems are documents with a code, and nothing of the inside', async () => {
    const cases = await Promise.all([
      world.ask('/nothing'),
      world.ask('/v1/server', { method: 'DELETE' }),
      world.ask('/v1/enrolments', { rawBody: '{"code":', headers: { 'content-type': 'application/json' } }),
      world.ask('/v1/enrolments', { rawBody: 'x', headers: { 'content-type': 'text/plain' } }),
      world.ask('/v1/enrolments', { body: { code: 'x'.repeat(300_000), deviceName: 'x', publicKey: {} } }),
      world.ask('/v1/enrolments', { body: { code: 'x', deviceName: '', publicKey: {} } }),
    ]);
    expect(cases.map((answer) => [answer.status, answer.json.code])).toEqual([
      [404, 'SP-5002'],
      [404, 'SP-5002'],
      [400, 'SP-5001'],
      [400, 'SP-5001'],
      [413, 'SP-5005'],
      [400, 'SP-5001'],
    ]);
    for (const answer of cases) {
      expect(answer.json).toMatchObject({
        type: expect.stringMatching(/^urn:sallyport:problem:/),
        title: expect.any(String),
        status: answer.status,
        detail: expect.any(String),
      });
      expect(answer.text).not.toMatch(/node_modules|\.ts:|at Object|FST_/);
    }
  });

  test('enrolment is slowed for whoever guesses, and the rest still answers', async () => {
    const key = await makeDeviceKey();
    const guess = () =>
      world.ask('/v1/enrolments', { key, body: { code: 'AAAA-AAAA', deviceName: 'x', publicKey: key.jwk } });
    const codes: unknown[] = [];
    for (let tries = 0; tries < 6; tries += 1) codes.push((await guess()).json.code);
    expect(codes.at(-1)).toBe('SP-5004');
    expect((await world.ask('/v1/server')).status).toBe(200);
    expect((await world.cli('--as', 'sanna', 'targets', 'list')).err).toContain('SP-5011');
  });

  test('hostile names stay text, on one line of the audit', async () => {
    await world.apply(await makeDocument());
    const refused = await world.apply(await makeDocument(), 'a\u0085b');
    expect(refused.status).toBe(401);
    const lines = readFileSync(path.join(world.folder, 'audit.log'), 'utf8').trimEnd().split('\n');
    expect(lines.every((line) => typeof JSON.parse(line) === 'object')).toBe(true);
  });
});
