import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { builtFile } from '../../src/lab/control/start-control.ts';
import { type Lab, startLab } from '../../src/lab/lab.ts';
import { makeInvite } from '../../src/lab/owner/enrol.ts';
import { people } from '../../src/lab/seed/people.ts';
import type { Forked } from '../../src/main/forked.ts';
import { type OwnerToSession, sessionToOwnerSchema } from '../../src/shared/protocol/session-control.ts';
import { sessionToScreenSchema } from '../../src/shared/protocol/session-port.ts';
import { type LauncherUnderTest, makeLauncher } from './main-world/launcher-world.ts';

/** Longer than a lease, its grace and what counts as a fresh head together. */
const quietMs = 25_000;

const state = mkdtempSync(path.join(tmpdir(), 'sallyport-lab-'));
const device = mkdtempSync(path.join(tmpdir(), 'sallyport-device-'));
let lab: Lab;
let app: LauncherUnderTest;
beforeAll(async () => {
  lab = await startLab({ state, firstRecordings: false });
});
afterAll(async () => {
  await app?.launcher.finish();
  await lab?.stop();
  for (const folder of [state, device]) rmSync(folder, { recursive: true, force: true });
});

/** The built session process under plain Node, its screen on the fork's channel. */
function forkSession(screen: (text: string) => void): { child: ChildProcess; forked: Forked<OwnerToSession> } {
  const child = fork(builtFile('session.cjs'), [], { serialization: 'advanced', execArgv: [] });
  const send = (message: OwnerToSession) => {
    if (child.connected) child.send(message);
  };
  const forked: Forked<OwnerToSession> = {
    pid: child.pid,
    send,
    onMessage: (listener) =>
      void child.on('message', (raw: unknown) => {
        const message = sessionToOwnerSchema.parse(raw);
        if (message.type !== 'screen') return listener(raw);
        const shown = sessionToScreenSchema.parse(message.message);
        if (shown.type !== 'output') return;
        screen(Buffer.from(shown.data).toString());
        send({ type: 'screen', message: { type: 'drawn', end: shown.end } });
      }),
    onExit: (listener) => void child.on('exit', (code) => listener(code ?? 1)),
    sigkill: () => void child.kill('SIGKILL'),
  };
  return { child, forked };
}

test('a session in which nothing happens stays open, and takes what is typed then', async () => {
  let shown = '';
  let look: () => void = () => undefined;
  let session: Forked<OwnerToSession> | null = null;
  app = makeLauncher(device, () => {
    session = forkSession((text) => {
      shown += text;
      look();
    }).forked;
    return session;
  });
  const sees = (pattern: RegExp) =>
    new Promise<void>((resolve) => {
      look = () => pattern.test(shown) && resolve();
      look();
    });
  const type = (text: string) => session?.send({ type: 'screen', message: { type: 'input', data: Buffer.from(text) } });

  await app.launcher.start((await makeInvite(lab.control, people.operator.id)).invite);
  await app.until(() => app.state.connection.state === 'online');
  const { targets } = await app.launcher.loadTargets(true);
  const target = targets.find((one) => one.name === 'web-01');
  const id = await app.launcher.connect({
    targetId: target?.id ?? '',
    login: lab.login,
    reason: 'checking the queue',
    ticket: null,
    cols: 80,
    rows: 24,
  });
  const view = () => app.sessions.find((one) => one.id === id);
  await app.until(() => ['open', 'ended'].includes(view()?.state.state ?? ''));
  expect(view()?.state).toEqual({ state: 'open' });
  session!.send({ type: 'port' });
  type('echo before-$((20+1))\r');
  await sees(/before-21/);

  // The passing of time itself is what is tested; a state that is not open ends the wait.
  const left = await Promise.race([
    new Promise<null>((resolve) => setTimeout(resolve, quietMs, null)),
    app.until(() => (view()?.state.state === 'open' ? null : view()?.state)),
  ]);
  expect(left).toBeNull();
  type('echo after-$((20+2))\r');
  await sees(/after-22/);
  expect(view()?.state.state).toBe('open');
}, 60_000);
