import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { connect as connectTls } from 'node:tls';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeProof } from '../../src/lab/owner/device.ts';
import { until } from '../harness/session/sshd.ts';
import { digestHeader, raw } from './live-world/records.ts';
import { type Device, startWorld, type World } from './live-world/world.ts';

const MiB = 1_048_576;

let world: World;
let jonas: Device;
let mira: Device;

beforeAll(async () => {
  world = await startWorld({ limits: { journalBody: 80 * MiB, bodySilenceMs: 400, bodyMs: 900 } });
  const hostKeys = ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBTR8USnqh7ijXwHLnHtrUtPF599DgEHTaz2JRJXLqEb'];
  await world.apply([{ name: 'web-01', host: '10.1.2.3', logins: [{ name: 'deploy' }], hostKeys }]);
  jonas = await world.enrol('jonas');
  mira = await world.enrol('mira');
});
afterAll(() => world?.close());

const open = () => world.open(jonas, 'web-01', 'deploy');
const pathOf = (sessionId: string) => `/v1/recordings/${sessionId}/journal`;

/** The files that are coming in, with their sizes. */
function incoming(): number[] {
  const folder = path.join(world.server.context.dataFolder, 'recordings', '.incoming');
  try {
    return readdirSync(folder).map((name) => statSync(path.join(folder, name)).size);
  } catch {
    return [];
  }
}

/** Sends a journal as `body` gives it, with no length told before. */
async function send(sessionId: string, digest: string, body: AsyncIterable<Uint8Array>): Promise<number> {
  const where = `${jonas.client.address}${pathOf(sessionId)}`;
  const agent = new Agent({ connect: { ca: jonas.client.trustRoot } });
  try {
    const answer = await request(`${where}?because=crashed`, {
      method: 'PUT',
      headers: {
        dpop: await makeProof(jonas.client.key, 'PUT', where),
        'content-type': 'application/octet-stream',
        'content-digest': digest,
      },
      body: body as never,
      dispatcher: agent,
    });
    await answer.body.dump();
    return answer.statusCode;
  } finally {
    await agent.destroy();
  }
}

describe('the journal of a crashed session', () => {
  it('of 70 MiB is stored as it comes and read as it lies', async () => {
    const session = await open();
    const chunk = randomBytes(10 * MiB);
    const hash = createHash('sha256');
    for (let index = 0; index < 7; index += 1) hash.update(chunk);
    const digest = hash.digest();
    async function* body() {
      yield chunk;
      // The rest is sent only when what came before lies on the disk.
      await until(() => incoming().some((size) => size === chunk.length), 'the first part to be written');
      for (let index = 1; index < 7; index += 1) yield chunk;
    }
    expect(await send(session.id, `sha-256=:${digest.toString('base64')}:`, body())).toBe(200);
    expect(await world.as('mira', 'getRecording', { params: { sessionId: session.id } })).toMatchObject({
      state: 'incomplete',
      journal: { bytes: 70 * MiB },
    });
    const read = await raw(mira, 'GET', pathOf(session.id));
    expect([read.type, read.body.length]).toEqual(['application/octet-stream', 70 * MiB]);
    expect(createHash('sha256').update(read.body).digest().equals(digest)).toBe(true);
    expect(incoming()).toEqual([]);
  });

  it('is not stored when it is too large, not what its digest says, or falls silent; and may come again', async () => {
    const session = await open();
    const bytes = randomBytes(5000);
    async function* large() {
      for (let index = 0; index < 9; index += 1) yield Buffer.alloc(10 * MiB);
    }
    expect(await send(session.id, digestHeader(bytes), large())).toBe(413);
    async function* once() {
      yield bytes;
    }
    expect(await send(session.id, digestHeader(randomBytes(9)), once())).toBe(400);
    async function* silent() {
      yield bytes;
      await new Promise(() => undefined);
    }
    await expect(send(session.id, digestHeader(bytes), silent())).rejects.toThrow();
    await until(() => incoming().length === 0, 'what came to be removed');
    expect(await send(session.id, digestHeader(bytes), once())).toBe(200);
  });
});

describe('a body that trickles', () => {
  it('loses its connection after the time that a body may take, however steady it is', async () => {
    const url = new URL(world.server.address);
    const socket = connectTls({
      socket: connect(Number(url.port), url.hostname),
      ca: jonas.client.trustRoot,
      servername: '',
      host: url.hostname,
    });
    socket.on('error', () => undefined);
    socket.write(
      'POST /v1/enrolments HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n',
    );
    const trickle = setInterval(() => socket.write(' '), 50);
    const begun = performance.now();
    await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(trickle);
    expect(performance.now() - begun).toBeGreaterThan(800);
    expect(performance.now() - begun).toBeLessThan(10_000);
  });
});
