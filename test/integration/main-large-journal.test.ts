import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeConfig } from '../../src/control/config/config.ts';
import { openTls } from '../../src/control/config/tls.ts';
import { ControlClient } from '../../src/main/control-client/client.ts';
import { putJournal } from '../../src/main/sync/upload.ts';

const mebibyte = 1_048_576;
const size = 256 * mebibyte;
const sessionId = '22222222-2222-4222-8222-222222222222';

/** What the server saw of the last upload; it keeps none of the bytes. */
let seen = { length: '', digest: '', sha256: '', bytes: 0 };
let mostHeld = 0;
let server: Server;
let client: ControlClient;
const folder = mkdtempSync(path.join(tmpdir(), 'large-journal-'));

beforeAll(async () => {
  const tls = await openTls(makeConfig({ data: folder, listen: '127.0.0.1:0', name: '127.0.0.1' }), new Date());
  server = createServer({ cert: tls.chain, key: tls.key }, (request, reply) => {
    if (request.url?.includes('/segments/') === true) {
      reply.writeHead(200, { 'content-type': 'application/octet-stream' }).end(Buffer.from('a sealed part'));
      return;
    }
    if (request.method === 'GET') {
      reply.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': String(600 * mebibyte) });
      reply.flushHeaders();
      return;
    }
    const hash = createHash('sha256');
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      hash.update(chunk);
      bytes += chunk.length;
      mostHeld = Math.max(mostHeld, process.memoryUsage().arrayBuffers);
    });
    request.on('end', () => {
      const sha256 = hash.digest('hex');
      seen = {
        length: request.headers['content-length'] ?? '',
        digest: String(request.headers['content-digest']),
        sha256,
        bytes,
      };
      reply.writeHead(200, { 'content-type': 'application/json' });
      reply.end(JSON.stringify({ sha256, storedAt: new Date().toISOString() }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  client = new ControlClient({
    address: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    trustRoot: readFileSync(tls.caFile, 'utf8'),
    proofs: { proof: async () => 'proof' },
  });
});
afterAll(async () => {
  await client?.close();
  server?.closeAllConnections();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a journal of any size goes up whole, with its digest, and is never held whole', async () => {
  const journal = path.join(folder, 'journal');
  writeFileSync(journal, 'the first words');
  truncateSync(journal, size);
  const before = process.memoryUsage().arrayBuffers;
  await putJournal(client, folder, sessionId, 'the process died');
  expect(seen).toMatchObject({ length: String(size), bytes: size });
  expect(seen.digest).toBe(`sha-256=:${Buffer.from(seen.sha256, 'hex').toString('base64')}:`);
  expect(mostHeld - before).toBeLessThan(size / 2);
});

test('a journal that is too large to be opened is said to be so, before any of it is read', async () => {
  await expect(client.fetchBytes('getJournal', { params: { sessionId } })).rejects.toMatchObject({
    code: 'SP-5005',
    message: expect.stringContaining('larger than 512 MB'),
  });
});

test('what is fetched lies in a buffer of its own: another process gets no byte beside it', async () => {
  const bytes = await client.fetchBytes('getSegment', { params: { sessionId, stream: 'output', seq: 0 } });
  expect(Buffer.from(bytes).toString()).toBe('a sealed part');
  expect(bytes.buffer.byteLength).toBe(bytes.length);
});
