import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noteReexchangeFailed } from '../../src/control/live/reexchange-failed.ts';
import { passwordSecretName } from '../../src/control/secrets/secret-name.ts';
import { openOwnedSession } from '../../src/lab/owner/session-owner.ts';
import { refuseExchange } from '../harness/session/exchange-refusal.ts';
import { byPassword, type PtyTarget, startPtyTarget } from '../harness/session/pty-target.ts';
import { buildSession } from '../harness/session/session-world.ts';
import { type Device, startWorld, type World } from './live-world/world.ts';

const password = 'a password';
const place = { target: 'switch-01', login: 'admin' };
/** The broker's exchange, the handover, the anchor. */
const anchorExchange = 3;
let refuses = false;
let target: PtyTarget;

beforeAll(async () => {
  buildSession();
  target = await startPtyTarget({
    login: place.login,
    authentication: byPassword({ password, methods: ['password'] }),
    onConnection(connection) {
      if (refuses) refuseExchange(connection, anchorExchange, 'closes');
    },
  });
});
afterAll(() => target?.stop());

describe('the control server, told of a target that does not exchange keys again', () => {
  let world: World;
  let jonas: Device;
  let spool: string;

  const apply = (description: string) =>
    world.apply(
      [
        {
          name: place.target,
          description,
          host: '127.0.0.1',
          port: target.sshd.port,
          route: 'relay',
          hostKeys: [target.sshd.hostKey],
          logins: [{ name: place.login, credential: 'password' }],
        },
      ],
      [`127.0.0.1:${target.sshd.port}`],
    );
  const open = () =>
    openOwnedSession({
      enrolled: { client: jonas.client, deviceId: jonas.deviceId, serverKey: jonas.serverKey },
      targetName: place.target,
      login: place.login,
      reason: null,
      spool,
      cols: 80,
      rows: 24,
    });
  const granted = async () => (await world.open(jonas, place.target, place.login)).grant.evidence;

  beforeAll(async () => {
    world = await startWorld();
    spool = mkdtempSync(path.join(tmpdir(), 'sallyport-refused-'));
    await apply('first');
    jonas = await world.enrol('jonas');
    await world.server.context.vault.put(passwordSecretName(place), Buffer.from(password));
  });
  afterAll(async () => {
    await world?.close();
    rmSync(spool, { recursive: true, force: true });
  });

  it('security 17c: notes it; its next session works without anchors and says so, until the target is changed', async () => {
    expect(await granted()).toEqual({ anchors: true, wire: true });
    refuses = true;
    const first = await open();
    expect(await first.done).toMatchObject({
      kind: 'connect-failed',
      problem: { code: 'SP-2045', facts: { how: 'closed' } },
    });
    const { id } = await world.target(jonas, place.target);
    expect((await world.auditOf(id)).filter((event) => event === 'target.reexchange-failed')).toHaveLength(1);
    expect(await granted()).toEqual({ anchors: false, wire: true });
    const second = await open();
    await second.waitFor(/\$ $/);
    second.type('exit\r');
    expect(await second.done).toMatchObject({ kind: 'exit' });
    const recording = await world.as('mira', 'getRecording', { params: { sessionId: second.sessionId } });
    expect(recording).toMatchObject({ state: 'complete', evidence: 'wire-only' });
    await apply('it was repaired');
    expect(await granted()).toEqual({ anchors: true, wire: true });
  });

  it('does not take the word of a launcher that never was logged in', async () => {
    const { id, grant } = await world.open(jonas, place.target, place.login);
    expect(grant.evidence.anchors).toBe(true);
    const row = await world.server.context.reader
      .selectFrom('sessions')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    const said = { kind: 'connect-failed', problem: { code: 'SP-2045', message: 'x' } } as const;
    await noteReexchangeFailed(world.server.context, row, said);
    expect((await granted()).anchors).toBe(true);
    await noteReexchangeFailed(
      world.server.context,
      { ...row, login_signed_at: new Date(), opened_at: new Date() },
      said,
    );
    expect((await granted()).anchors).toBe(true);
  });
});
