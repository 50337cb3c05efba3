import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:net';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeStoredLoginKeys } from '../../../src/control/broker/stored-login-keys.ts';
import { openWrapping } from '../../../src/control/broker/vault/wrapping.ts';
import { type LeaseStore, makeLeaseStore } from '../../../src/control/live/lease-store.ts';
import type { Writer } from '../../../src/control/store/database.ts';
import { publicKeyBlob, verifyBlob } from '../../../src/recording/signatures/keys.ts';
import { connectLauncher, webSocket } from '../live-world/sockets.ts';
import { type Device, startBeside, startWorld, type World } from '../live-world/world.ts';
import { applyMuteTargets, startMuteTarget } from './mute-target.ts';

let world: World;
let target: Server;
let jonas: Device;
let leases: LeaseStore;
let db: Writer;

beforeAll(async () => {
  target = await startMuteTarget();
  world = await startWorld();
  await applyMuteTargets(world, target, ['web-1']);
  jonas = await world.enrol('jonas');
  db = world.server.context.shared?.db ?? expect.unreachable('a shared database');
  leases = makeLeaseStore(db);
});
afterAll(async () => {
  await world?.close();
  target?.close();
});

async function granted(device = jonas): Promise<string> {
  return (await world.open(device, 'web-1', 'deploy')).id;
}

async function renew(sessionId: string): Promise<number | undefined> {
  const head = { outputBytes: 5_000_000_000, inputBytes: 2 };
  return (await leases.renew([{ sessionId, heardMsAgo: 200, head }])).get(sessionId);
}

const fail = (error: unknown) => expect.unreachable(String(error));
const ago = (seconds: number) => new Date(Date.now() - seconds * 1000);

describe('a renewal', () => {
  it('counts on, and says what was heard', async () => {
    const id = await granted();
    expect([await renew(id), await renew(id)]).toEqual([1, 2]);
    const [stored] = await leases.read([id]);
    expect(stored).toMatchObject({ seq: 2, head: { outputBytes: 5_000_000_000, inputBytes: 2 }, ended: false });
    expect(stored?.heardMsAgo).toBeGreaterThanOrEqual(200);
    expect(stored?.heardMsAgo).toBeLessThan(1500);
    expect(stored?.renewedMsAgo).toBeLessThan(1000);
  });

  it.each([
    ['an order', 'killed_at', 0],
    ['an end', 'ended_at', 0],
    ['the end of its lease', 'lease_renewed_at', 11],
    ['the end of its time', 'lease_ends_at', 1],
  ] as const)('is refused after %s', async (_name, column, seconds) => {
    const id = await granted();
    expect(await renew(id)).toBe(1);
    await db
      .updateTable('sessions')
      .set(column, sql`${ago(seconds)}`)
      .where('id', '=', id)
      .execute();
    expect(await renew(id)).toBeUndefined();
    expect((await leases.read([id]))[0]?.seq).toBe(1);
  });

  it('is refused for a revoked device, and for a session that is not stored', async () => {
    const eeva = await world.enrol('eeva');
    const id = await granted(eeva);
    await db.updateTable('devices').set({ revoked_at: new Date() }).where('id', '=', eeva.deviceId).execute();
    expect([await renew(id), await renew('no-such-session')]).toEqual([undefined, undefined]);
    expect((await leases.read([id]))[0]?.stopped).toBe(true);
  });

  it('given by twenty at once gives no number twice', async () => {
    const id = await granted();
    const answers = await Promise.all(Array.from({ length: 20 }, () => renew(id)));
    const numbers = answers.filter((number) => number !== undefined);
    expect(numbers.length).toBeGreaterThan(0);
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});

describe('a renewal of several at once', () => {
  const due = (ids: string[]) => ids.map((sessionId) => ({ sessionId, heardMsAgo: 200, head: null }));

  it('does not wait for one that another process is changing, and does not renew that one', async () => {
    const [held, free] = [await granted(), await granted()];
    await db.transaction().execute(async (trx) => {
      await trx.updateTable('sessions').set({ killed_at: new Date() }).where('id', '=', held).execute();
      const renewed = await leases.renew(due([held, free]));
      expect([...renewed.keys()]).toEqual([free]);
    });
    expect((await leases.renew(due([held, free]))).has(held)).toBe(false);
  });
});

describe('a login key in the database', () => {
  it('is wrapped, is taken once by whoever is first, and signs for its public half', async () => {
    const wrapping = await openWrapping(world.server.context.vault);
    const keys = () => makeStoredLoginKeys(db, wrapping, fail);
    const publicKey = await keys().make('one', 60_000);
    const rows = await db.selectFrom('login_keys').selectAll().where('session_id', '=', 'one').execute();
    const bytes = Buffer.from(rows[0]?.wrapped ?? '', 'base64');
    // Not as it is, and not as any other session's.
    expect(() => createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' })).toThrow();
    const takers = await Promise.all(Array.from({ length: 20 }, () => keys().take('one')));
    const got = takers.flatMap((sign) => (sign === null ? [] : [sign]));
    expect(got).toHaveLength(1);
    const signature = got[0]?.(Buffer.from('x')) ?? Buffer.alloc(0);
    expect(verifyBlob(publicKeyBlob(publicKey), Buffer.from('x'), signature)).toBe(true);
    expect(await db.selectFrom('login_keys').selectAll().where('session_id', '=', 'one').execute()).toEqual([]);
  });

  it('of another session does not open', async () => {
    const wrapping = await openWrapping(world.server.context.vault);
    const keys = makeStoredLoginKeys(db, wrapping, fail);
    await keys.make('mine', 60_000);
    await db.updateTable('login_keys').set({ session_id: 'yours' }).where('session_id', '=', 'mine').execute();
    await expect(keys.take('yours')).rejects.toMatchObject({ code: 'SP-5006' });
  });

  it('is nothing when its time is over, and is deleted by the next look but nine', async () => {
    const wrapping = await openWrapping(world.server.context.vault);
    const keys = makeStoredLoginKeys(db, wrapping, fail);
    await keys.make('late', -1);
    expect(await keys.take('late')).toBeNull();
    await keys.make('later', -1);
    const left = () => db.selectFrom('login_keys').selectAll().where('session_id', '=', 'later').execute();
    await expect.poll(left, { timeout: 15_000, interval: 250 }).toEqual([]);
  });

  it('goes with the end of its session', async () => {
    const id = await granted();
    const left = () => db.selectFrom('login_keys').select('session_id').where('session_id', '=', id).execute();
    expect(await left()).toHaveLength(1);
    const order = await world.as('mira', 'killSession', { params: { sessionId: id }, body: { reason: 'x' } });
    await expect.poll(left, { timeout: 2000 }).toEqual([]);
    await world.as('mira', 'liftLock', { params: { lockId: order.lockId } });
  });
});

it('a process whose own clock jumps does not end what another renews', async () => {
  let jump = 0;
  const clock = { now: () => new Date(), monotonicMs: () => performance.now() + jump };
  const other = await startBeside(world, { clock });
  try {
    const launcher = await connectLauncher(jonas);
    const session = await world.open(jonas, 'web-1', 'deploy');
    const socket = await webSocket(other.moved(jonas), `/v1/relay/${session.id}`);
    await once(socket, 'message');
    launcher.say({ type: 'session-opened', sessionId: session.id, at: new Date().toISOString() });
    const stop = launcher.beat(session.id);
    await launcher.next('lease');
    // Again and again, so that it counts leases between two looks at the database: by its clock each has run out long ago.
    const jumps = setInterval(() => {
      jump += 60_000;
    }, 100);
    await launcher.next('lease');
    clearInterval(jumps);
    const { sessions } = await world.as('mira', 'listSessions');
    expect(sessions.map((each) => each.sessionId)).toContain(session.id);
    stop();
    await launcher.close();
  } finally {
    await other.close();
  }
});
