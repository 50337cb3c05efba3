import 'reflect-metadata';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { afterEach, describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../src/shared/errors/codes.ts';
import { encodeInvite } from '../../src/shared/protocol/invite.ts';
import { canMount, smallDisk } from '../harness/small-disk.ts';
import { problem } from './main-world/fake-control.ts';
import { type LauncherUnderTest, type MainWorld, openMainWorld, openOnlineWorld } from './main-world/launcher-world.ts';

const day = 86_400_000;

let world: MainWorld | null = null;
let undo: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const step of undo.reverse()) await step();
  undo = [];
  await world?.close();
  world = null;
});

async function online() {
  const opened = await openOnlineWorld();
  world = opened.world;
  return opened;
}

/** Connects and returns the problem that the person reads when it has ended. */
async function refusedSession(app: LauncherUnderTest) {
  const id = await app.connect();
  const view = await app.until(() => app.sessions.find((one) => one.id === id && one.state.state === 'ended'));
  const reason = view.state.state === 'ended' ? view.state.reason : null;
  return { view, problem: reason !== null && 'problem' in reason ? reason.problem : null };
}

describe('refusal: what the server refuses is said in its words, and nothing is opened', () => {
  test.each([
    ['no permission', 403, 'SP-2002', 'You may not connect to web-01 as deploy: no access rule lets you.'],
    ['a lock', 423, 'SP-2003', 'Mira Okafor locked you out of web-01.'],
    ['a vault that is locked', 503, 'SP-5006', 'The vault is locked. Nothing was opened. Ask whoever keeps it.'],
    ['a target that is gone', 404, 'SP-2001', 'There is no such target among those you may reach.'],
    ['a flood', 429, 'SP-5004', 'Too many requests. Wait a few seconds.'],
  ] as [string, number, ErrorCode, string][])('%s', async (_name, status, code, detail) => {
    const { app, control } = await online();
    control.setScript(({ path }) => (path === '/v1/sessions' ? problem(status, code, detail) : null));
    const { view, problem: said } = await refusedSession(app);
    expect(said).toEqual({ code, message: detail });
    expect(view).toMatchObject({ sessionId: null, openedAtMs: null, record: { writtenBytes: 0 } });
    expect(readdirSync(join(app.spool, '..'))).not.toContain('spool');
    await app.until(() => app.children.at(-1)?.got.length === 0);
  });

  test('an answer that is no problem document shows no stranger’s text', async () => {
    const { app, control } = await online();
    control.setScript(({ path }) =>
      path === '/v1/sessions' ? { status: 500, json: 'TypeError: secret\n    at handler (/srv/x.js:1:1)' } : null,
    );
    const { problem: said } = await refusedSession(app);
    expect(said?.code).toBe('SP-1003');
    expect(JSON.stringify(said)).not.toMatch(/TypeError|secret|\.js:/);
  });
});

describe('refusal: a clock that is wrong by a day', () => {
  const refusedProof = problem(401, 'SP-1006', 'The proof of this device was not accepted.');

  test.each([
    [-day, 'ahead of'],
    [day, 'behind'],
  ])('by %d ms: the first run says how far off, which clock, and what to do', async (off, words) => {
    world = await openMainWorld();
    const { control } = world;
    control.setClockOff(off);
    control.setScript(() => refusedProof);
    const error = await world
      .launcher()
      .launcher.enrol(control.invite())
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'SP-1009' });
    expect(String(error)).toContain(`The clock of this machine is 24 hours ${words} the server's (here `);
    expect(String(error)).toMatch(/Set the wrong one right/);
  });

  test('the link says so too, and comes back by itself when the clock is right', async () => {
    const { app, control } = await online();
    control.setClockOff(day);
    control.refuseChannel({ status: 401, code: 'SP-1006', detail: 'The proof of this device was not accepted.' });
    control.cutChannel();
    const connection = await app.until(() =>
      app.state.connection.state === 'offline' && app.state.connection.problem.code === 'SP-1009'
        ? app.state.connection
        : null,
    );
    expect(connection.problem.message).toContain('24 hours behind');
    expect(app.state.enrolment.state).toBe('enrolled');
    control.refuseChannel(null);
    await app.launcher.retry();
    await app.until(() => app.state.connection.state === 'online');
  });

  test.each([
    ['is not valid yet', day, 10 * day],
    ['has expired', -10 * day, -day],
  ])('a certificate that %s by this clock names the clock, not an impostor', async (words, from, to) => {
    world = await openMainWorld();
    const tls = await makeTls(from, to);
    const server = createServer({ cert: tls.chain, key: tls.key }, (_request, reply) => reply.end('{}'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    undo.push(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const invite = encodeInvite({
      v: 0,
      address: `https://127.0.0.1:${port}`,
      trustRoot: tls.trustRoot,
      code: 'ABCD2345',
    });
    await expect(world.launcher().launcher.enrol(invite)).rejects.toMatchObject({
      code: 'SP-1009',
      message: expect.stringMatching(new RegExp(`By the clock of this machine .* ${words}.*Nothing was sent`)),
    });
  });
});

describe('refusal: the disk of this machine is full', () => {
  test.skipIf(!canMount)('nothing is opened, no half folder stays, and the server is told', async () => {
    const { app, control } = await online();
    const disk = smallDisk({ folder: app.spool, bytes: 65_536 });
    undo.push(disk.unmount);
    disk.fill();
    const { problem: said } = await refusedSession(app);
    expect(said).toMatchObject({ code: 'SP-3011', facts: { fault: 'ENOSPC' } });
    expect(said?.message).toMatch(/its disk is full\. Nothing was opened\. Free space/);
    expect(readdirSync(app.spool)).toEqual(['.filler']);
    const told = await control.until(() => control.heard.find((one) => one.type === 'session-ended'));
    expect(told.reason).toMatchObject({ kind: 'connect-failed', problem: { code: 'SP-3011' } });
  });
});

describe('refusal: the store of the server is full', () => {
  test('the recording stays here, the reason is said, and it goes when there is room', async () => {
    const { app, control } = await online();
    control.setScript(({ path }) =>
      path.includes('/segments/')
        ? problem(503, 'SP-5010', 'The recording store could not store a segment (ENOSPC). Nothing was acknowledged.')
        : null,
    );
    const id = await app.connect();
    const view = await app.until(() => app.sessions.find((one) => one.id === id && one.state.state === 'open'));
    app.children.at(-1)?.output('kept\r\n');
    app.launcher.supervisor.disconnect(id);
    const { backlog } = await app.until(() =>
      app.state.backlog.lastProblem?.code === 'SP-5010' && app.state.backlog.recordings === 1 ? app.state : null,
    );
    expect(backlog.lastProblem?.message).toContain('ENOSPC');
    expect(readdirSync(app.spool)).toEqual([view.sessionId]);
    control.setScript(() => null);
    await app.launcher.retry();
    await app.until(() => app.state.backlog.recordings === 0);
    expect(control.stored.get(view.sessionId ?? '')?.manifest).toMatch(/\nend /);
    expect(readdirSync(app.spool)).toEqual([]);
  });
});

/** An authority that holds and a server certificate of another time. */
async function makeTls(fromMs: number, toMs: number) {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
  const [root, leaf] = await Promise.all(
    [0, 1].map(() => crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])),
  );
  if (root === undefined || leaf === undefined) throw new Error('no keys');
  const at = (ms: number) => new Date(Date.now() + ms);
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Test authority',
    keys: root,
    signingAlgorithm: algorithm,
    notBefore: at(-30 * day),
    notAfter: at(30 * day),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  const certificate = await x509.X509CertificateGenerator.create({
    subject: 'CN=Test server',
    issuer: authority.subject,
    publicKey: leaf.publicKey,
    signingKey: root.privateKey,
    signingAlgorithm: algorithm,
    notBefore: at(fromMs),
    notAfter: at(toMs),
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])],
  });
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', leaf.privateKey)).toString('base64');
  return {
    chain: `${certificate.toString('pem')}\n${authority.toString('pem')}\n`,
    key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`,
    trustRoot: Buffer.from(await authority.getThumbprint('SHA-256')).toString('hex'),
  };
}
