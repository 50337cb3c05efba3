import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { type DeviceKey, makeDeviceKey, makeProof } from './control-world/device.ts';
import { makeDocument, startWorld, type World } from './control-world/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
  expect((await world.apply(await makeDocument())).status).toBe(200);
});
afterAll(() => world.close());

async function invite(userId = 'jonas'): Promise<string> {
  const made = await world.cli('--as', 'sanna', '--json', 'invite', userId);
  return (made.json as { code: string }).code;
}

async function enrolWith(code: string, key: DeviceKey): Promise<{ status: number; json: Record<string, unknown> }> {
  return world.ask('/v1/enrolments', { key, body: { code, deviceName: 'laptop', publicKey: key.jwk } });
}

describe('enrolment', () => {
  test('a code enrols one device, which is then known', async () => {
    const code = await invite();
    const key = await makeDeviceKey();
    const answer = await enrolWith(code.toLowerCase().replace('-', ' '), key);
    expect(answer).toMatchObject({
      status: 200,
      json: {
        user: { id: 'jonas' },
        organisation: 'Nordhamn Energi',
        deviceKey: 'keyring',
        serverKey: expect.stringMatching(/^ssh-ed25519 /),
      },
    });
    const me = await world.ask('/v1/me', { key });
    expect(me).toMatchObject({
      status: 200,
      json: { user: { id: 'jonas', roles: ['operator'] }, device: { name: 'laptop' } },
    });
    expect(await enrolWith(code, await makeDeviceKey())).toMatchObject({ status: 403, json: { code: 'SP-1002' } });
  });

  test('security 31: of fifty that use a code at once, one wins', async () => {
    const code = await invite();
    const keys = await Promise.all(Array.from({ length: 50 }, () => makeDeviceKey()));
    const answers = await Promise.all(keys.map((key) => enrolWith(code, key)));
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
    expect(answers.filter((answer) => answer.json.code === 'SP-1002')).toHaveLength(49);
  });

  test('refusal: an invite code that has expired: it ends after ten minutes', async () => {
    const code = await invite();
    const key = await makeDeviceKey();
    world.clock.offsetMs = 10 * 60_000 + 1000;
    try {
      const proofAt = { iatOffset: world.clock.offsetMs / 1000 };
      const answer = await world.ask('/v1/enrolments', {
        key,
        change: proofAt,
        body: { code, deviceName: 'late', publicKey: key.jwk },
      });
      expect(answer).toMatchObject({ status: 403, json: { code: 'SP-1002' } });
    } finally {
      world.clock.offsetMs = 0;
    }
    expect((await enrolWith(code, key)).status).toBe(200);
  });

  test('the key that is enrolled must be the key that proves', async () => {
    const code = await invite();
    const [mine, theirs] = [await makeDeviceKey(), await makeDeviceKey()];
    const answer = await world.ask('/v1/enrolments', {
      key: mine,
      body: { code, deviceName: 'x', publicKey: theirs.jwk },
    });
    expect(answer).toMatchObject({ status: 401, json: { code: 'SP-1006' } });
    expect((await enrolWith(code, mine)).status).toBe(200);
  });

  test('a key is enrolled once, and the refused try leaves the invite good', async () => {
    const key = await world.enrol('jonas');
    const code = await invite('mira');
    expect(await enrolWith(code, key)).toMatchObject({ status: 403, json: { code: 'SP-1002' } });
    expect((await enrolWith(code, await makeDeviceKey())).status).toBe(200);
  });

  test('codes are stored as keyed hashes and are in no log', async () => {
    const code = (await invite()).replace('-', '');
    const rows = await world.server.context.reader.selectFrom('invites').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(code);
    expect(JSON.stringify(world.auditLines())).not.toContain(code);
  });
});

describe('proofs', () => {
  let key: DeviceKey;
  beforeAll(async () => {
    key = await world.enrol('jonas');
  });

  test('the same proof is accepted once, also of fifty at once', async () => {
    const proof = await makeProof(key, 'GET', `${world.server.address}/v1/me`);
    const answers = await Promise.all(Array.from({ length: 50 }, () => world.ask('/v1/me', { proof })));
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
    expect(answers.filter((answer) => answer.json.code === 'SP-1006')).toHaveLength(49);
  });

  test.each([
    ['another method', { htm: 'POST' }],
    ['another path', { htu: 'https://127.0.0.1:1/v1/targets' }],
    ['another server', { htu: 'https://other.example/v1/me' }],
    ['a clock too far ahead', { iatOffset: 62 }],
    ['a clock too far behind', { iatOffset: -62 }],
    ['another kind of token', { typ: 'JWT' }],
    ['a short identifier', { jti: 'short' }],
  ])('a proof with %s is refused', async (_name, change) => {
    expect(await world.ask('/v1/me', { key, change })).toMatchObject({ status: 401, json: { code: 'SP-1006' } });
  });

  test('a clock nearly a minute off is taken; no proof, a broken one and a private key in it are not', async () => {
    expect((await world.ask('/v1/me', { key, change: { iatOffset: 55 } })).status).toBe(200);
    expect((await world.ask('/v1/me', { key, change: { iatOffset: -55 } })).status).toBe(200);
    expect((await world.ask('/v1/me')).json.code).toBe('SP-1006');
    expect((await world.ask('/v1/me', { proof: 'e30.e30.e30' })).json.code).toBe('SP-1006');
    const leaky = await makeProof(key, 'GET', `${world.server.address}/v1/me`, {
      header: { jwk: { ...key.jwk, d: 'AAAA' } },
    });
    expect((await world.ask('/v1/me', { proof: leaky })).json.code).toBe('SP-1006');
    const foreign = await makeDeviceKey();
    const stolen = await makeProof(foreign, 'GET', `${world.server.address}/v1/me`, { header: { jwk: key.jwk } });
    expect((await world.ask('/v1/me', { proof: stolen })).json.code).toBe('SP-1006');
  });

  test('the query is not part of a proof, as RFC 9449 says', async () => {
    const engineer = await world.enrol('sanna');
    expect((await world.ask('/v1/audit?limit=3', { key: engineer })).status).toBe(200);
  });

  test('a device nobody enrolled is refused and audited, and a flood of them does not fill the audit', async () => {
    // A minute later: what the tests before this one caused is not counted.
    world.clock.monotonicOffsetMs += 60_000;
    expect(await world.ask('/v1/me', { key: await makeDeviceKey() })).toMatchObject({
      status: 401,
      json: { code: 'SP-1005' },
    });
    expect(world.auditLines().at(-1)).toMatchObject({
      event: 'proof.refused',
      detail: { code: 'SP-1005', route: '/v1/me' },
    });
    const before = world.auditLines().length;
    await Promise.all(Array.from({ length: 100 }, () => world.ask('/v1/me')));
    expect(world.auditLines().length - before).toBe(59);
    world.clock.monotonicOffsetMs += 60_000;
    await world.ask('/v1/me');
    expect(world.auditLines().at(-1)).toMatchObject({ event: 'proof.refused', detail: { leftOut: 41 } });
  });
});

describe('who may do what', () => {
  test('what belongs to the machine itself is refused over TLS', async () => {
    const key = await world.enrol('sanna');
    expect(await world.ask('/v1/invites', { key, body: { userId: 'jonas' } })).toMatchObject({
      status: 403,
      json: { code: 'SP-5003' },
    });
    expect(
      await world.ask('/v1/invites', { body: { userId: 'jonas' }, headers: { 'sallyport-actor': 'sanna' } }),
    ).toMatchObject({ status: 403 });
  });

  test('the name of an actor counts on the local socket only', async () => {
    expect(await world.ask('/v1/me', { headers: { 'sallyport-actor': 'sanna' } })).toMatchObject({
      status: 401,
      json: { code: 'SP-1006' },
    });
    expect((await world.cli('--as', 'sanna', 'targets', 'list')).code).toBe(0);
    expect((await world.cli('--as', 'nobody', 'targets', 'list')).err).toContain('SP-5011');
  });

  test('engineers administer, others do not, and the refusal names who', async () => {
    const refused = await world.cli('--as', 'jonas', 'invite', 'jonas');
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('SP-5003');
    expect(world.auditLines().at(-1)).toMatchObject({
      event: 'request.refused',
      actor: 'jonas',
      detail: { code: 'SP-5003', route: '/v1/invites' },
    });
  });

  test('sockets want a proof and no web page behind them', async () => {
    const key = await world.enrol('jonas');
    const url = `${world.server.address}/v1/control`;
    const dpop = await makeProof(key, 'GET', url);
    for (const origin of ['https://evil.example', 'null', world.server.address]) {
      expect(await upgradeStatus(url, { dpop, origin })).toBe(403);
      expect(world.auditLines().at(-1)).toMatchObject({ event: 'origin.refused', actor: 'unknown' });
    }
    expect(await upgradeStatus(url, {})).toBe(401);
  });
});

/** The HTTP status that an upgrade was answered with; 101 when it was accepted. */
function upgradeStatus(url: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url.replace('https:', 'wss:'), { headers, rejectUnauthorized: false });
    socket.once('unexpected-response', (request, response) => {
      resolve(response.statusCode ?? 0);
      request.destroy();
    });
    socket.once('open', () => {
      resolve(101);
      socket.terminate();
    });
    socket.once('error', reject);
  });
}
