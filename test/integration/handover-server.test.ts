import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { passwordSecretName } from '../../src/control/secrets/secret-name.ts';
import { openOwnedSession } from '../../src/lab/owner/session-owner.ts';
import { SallyportError } from '../../src/shared/errors/result.ts';
import { byPassword, type PtyTarget, startPtyTarget } from '../harness/session/pty-target.ts';
import { buildSession } from '../harness/session/session-world.ts';
import { until } from '../harness/session/sshd.ts';
import { ended, webSocket } from './live-world/sockets.ts';
import { type Device, startWorld, type World } from './live-world/world.ts';

const password = 'only the vault and the broker know it';
const place = { target: 'switch-01', login: 'admin' };
let target: PtyTarget;
let stubborn: boolean;
/** How the target was asked for a login. */
const methods: string[] = [];
/** Done before the target says how it may be logged in to. */
let beforeAnswer: () => Promise<unknown>;
let world: World;
let jonas: Device;
let spool: string;

function open() {
  const enrolled = { client: jonas.client, deviceId: jonas.deviceId, serverKey: jonas.serverKey };
  return openOwnedSession({
    enrolled,
    targetName: place.target,
    login: place.login,
    reason: null,
    spool,
    cols: 80,
    rows: 24,
  });
}

async function detailsOf(event: string, subject: string): Promise<Record<string, unknown>[]> {
  const rows = await world.server.context.reader
    .selectFrom('audit_events')
    .select('detail')
    .where('event', '=', event as never)
    .where('subject', '=', subject)
    .execute();
  return rows.map(({ detail }) => detail as Record<string, unknown>);
}

beforeAll(async () => {
  buildSession();
  const authentication = byPassword({ password, methods: ['password'] });
  target = await startPtyTarget({
    login: place.login,
    authentication(context) {
      methods.push(context.method);
      if (stubborn && context.method === 'password') return;
      void (context.method === 'none' ? beforeAnswer() : Promise.resolve()).then(() => authentication(context));
    },
  });
  world = await startWorld();
  spool = mkdtempSync(path.join(tmpdir(), 'sallyport-handover-'));
  const { port, hostKey } = target.sshd;
  await world.apply(
    [
      {
        name: place.target,
        host: '127.0.0.1',
        port,
        route: 'relay',
        hostKeys: [hostKey],
        logins: [{ name: place.login, credential: 'password' }],
      },
    ],
    [`127.0.0.1:${port}`],
  );
  jonas = await world.enrol('jonas');
});
beforeEach(async () => {
  stubborn = false;
  methods.length = 0;
  beforeAnswer = async () => undefined;
  await world.server.context.vault.put(passwordSecretName(place), Buffer.from(password));
});
afterAll(async () => {
  await world?.close();
  target?.stop();
  rmSync(spool, { recursive: true, force: true });
});

describe('a login by password through the control server', () => {
  it('is handed over, written down without the password, and counted once', async () => {
    const session = await open();
    await session.waitFor(/\$ $/);
    session.type('echo "sum $((40+2))"\r');
    await session.waitFor(/sum 42/);
    const again = await ended(await webSocket(jonas, `/v1/relay/${session.sessionId}`));
    expect(again).toMatchObject({ code: 4006, reason: expect.stringContaining('relayed once') });
    session.type('exit\r');
    expect(await session.done).toMatchObject({ kind: 'exit' });
    await until(async () => (await world.auditOf(session.sessionId)).includes('relay.closed'), 'the wire to be closed');
    const events = await world.auditOf(session.sessionId);
    expect(events.filter((event) => /^(relay|login)\./.test(event)).sort()).toEqual([
      'login.handed-over',
      'login.password-taken',
      'relay.closed',
      'relay.opened',
      'relay.refused',
    ]);
    expect(await detailsOf('login.handed-over', session.sessionId)).toMatchObject([
      { login: place.login, method: 'password', hostKey: expect.stringMatching(/^SHA256:/) },
    ]);
    const everything = JSON.stringify(
      await world.server.context.reader.selectFrom('audit_events').selectAll().execute(),
    );
    const relayLog = readFileSync(path.join(world.server.context.dataFolder, 'relay.log'), 'utf8');
    expect(`${everything}${relayLog}`).not.toContain(password);
  });

  it('claims no wire before it is known how to hand over, so that no order waits for one', async () => {
    const { server } = world;
    const session = await world.open(jonas, place.target, place.login);
    const { reader } = server.context;
    const selectFrom = reader.selectFrom.bind(reader);
    const spy = vi.spyOn(reader, 'selectFrom').mockImplementation(((table: 'targets') => {
      if (table === 'targets' && new Error().stack?.includes('/handovers.ts')) throw new Error('the store is gone');
      return selectFrom(table);
    }) as never);
    try {
      expect(await ended(await webSocket(jonas, `/v1/relay/${session.id}`))).toMatchObject({ code: 1011 });
      expect(spy).toHaveBeenCalled();
    } finally {
      spy.mockRestore();
    }
    const row = await reader
      .selectFrom('sessions')
      .select(['relayed_at', 'relay_closed_at'])
      .where('id', '=', session.id)
      .executeTakeFirstOrThrow();
    expect(row).toEqual({ relayed_at: null, relay_closed_at: null });
  });

  it('does not come about when the password was removed since the grant: SP-2043, written down', async () => {
    beforeAnswer = () => world.server.context.vault.remove(passwordSecretName(place));
    const session = await open();
    expect(await session.done).toMatchObject({ problem: { code: 'SP-2043' } });
    expect(await detailsOf('login.refused', session.sessionId)).toMatchObject([{ check: 'secret-missing' }]);
  });

  it('does not come about with a wrong password: SP-2040, written down', async () => {
    await world.server.context.vault.put(passwordSecretName(place), Buffer.from('another one'));
    const session = await open();
    expect(await session.done).toMatchObject({ kind: 'auth-failed', problem: { code: 'SP-2040' } });
    expect(await detailsOf('login.refused', session.sessionId)).toMatchObject([{ check: 'login', code: 'SP-2040' }]);
  });

  it('does not come about when the session was killed elsewhere before the launcher was told', async () => {
    beforeAnswer = () => world.server.context.writer.updateTable('sessions').set({ killed_at: new Date() }).execute();
    const session = await open();
    expect(await session.done).toMatchObject({ problem: { code: 'SP-2042' } });
    expect(await detailsOf('login.refused', session.sessionId)).toMatchObject([{ check: 'session' }]);
    expect(await world.auditOf(session.sessionId)).not.toContain('login.handed-over');
  });

  it('sends no password that cannot be written down before', async () => {
    const { audit } = world.server.context;
    const { record } = audit;
    audit.record = async (entry) => {
      if (entry.event === 'login.password-taken') throw new SallyportError('SP-5010', 'The disk is full.');
      return record(entry);
    };
    try {
      const session = await open();
      expect(await session.done).toMatchObject({ problem: { code: 'SP-5010' } });
      expect(methods.at(-1)).toBe('none');
    } finally {
      audit.record = record;
    }
  });

  it('is given up when its launcher goes away in the middle: the target is not held until the time is over', async () => {
    stubborn = true;
    const { id } = await world.open(jonas, place.target, place.login);
    const launcher = await webSocket(jonas, `/v1/relay/${id}`);
    launcher.on('error', () => undefined);
    await until(() => methods.at(-1) === 'password', 'the target to have the password');
    launcher.close();
    await until(async () => (await world.auditOf(id)).includes('relay.closed'), 'the wire to be closed', 3000);
    expect(await detailsOf('relay.closed', id)).toMatchObject([{ why: expect.stringContaining('launcher') }]);
  });

  it('is refused to a launcher that speaks before it was told', async () => {
    stubborn = true;
    const { id } = await world.open(jonas, place.target, place.login);
    const launcher = await webSocket(jonas, `/v1/relay/${id}`);
    const over = ended(launcher);
    await until(() => methods.at(-1) === 'password', 'the target to have the password');
    launcher.send(Buffer.from('SSH-2.0-early\r\n'));
    expect(await over).toMatchObject({ code: 4003, reason: 'SP-2042 launcher exchange-order' });
    await until(async () => (await world.auditOf(id)).includes('login.refused'), 'the refusal to be written down');
    expect(await detailsOf('login.refused', id)).toMatchObject([{ check: 'launcher exchange-order' }]);
  });

  it('is cut by a kill in the middle: nobody is handed anything', async () => {
    stubborn = true;
    const session = await open();
    await until(() => methods.at(-1) === 'password', 'the target to have the password');
    await world.as('mira', 'killSession', {
      params: { sessionId: session.sessionId },
      body: { reason: 'wrong person' },
    });
    expect(await session.done).toMatchObject({ kind: 'killed', by: 'Mira Okafor' });
    expect(session.text()).toBe('');
    expect(await world.auditOf(session.sessionId)).not.toContain('login.handed-over');
    await until(async () => (await world.auditOf(session.sessionId)).includes('relay.closed'), 'the wire to be closed');
    expect(await detailsOf('relay.closed', session.sessionId)).toMatchObject([{ why: 'killed' }]);
    // The target had the password already: whoever asks who used it finds this session too.
    expect(await detailsOf('login.password-taken', session.sessionId)).toEqual([place]);
  });
});
