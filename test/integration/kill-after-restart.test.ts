import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { isPostgresRun } from '../harness/test-database.ts';
import { connectLauncher, relayPort } from './live-world/sockets.ts';
import { startWorld } from './live-world/world.ts';

it('a kill outlives the control server: the restarted one sends it, keeps the lock, and leases only what is not killed', {
  timeout: 120_000,
}, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-restart-'));
  const target = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write('SSH-2.0-here\r\n');
  }).listen(0, '127.0.0.1');
  await once(target, 'listening');
  const { port } = target.address() as { port: number };
  const hostKeys = ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBTR8USnqh7ijXwHLnHtrUtPF599DgEHTaz2JRJXLqEb'];
  const common = { host: '127.0.0.1', port, logins: [{ name: 'deploy' }], hostKeys };
  const first = await startWorld({ folder });
  try {
    await first.apply(
      [
        { name: 'web-01', ...common },
        { name: 'web-02', ...common },
      ],
      [`127.0.0.1:${port}`],
    );
    const jonas = await first.enrol('jonas');
    const killed = await first.open(jonas, 'web-01', 'deploy');
    const living = await first.open(jonas, 'web-02', 'deploy');
    const wire = await relayPort(jonas, killed.id);
    await wire.carries;
    const order = await first.as('mira', 'killSession', {
      params: { sessionId: killed.id },
      body: { reason: 'wrong host' },
    });
    expect((await wire.relayed).code).toBe(4001);
    const authority = first.server.context.services.broker.authority;
    wire.close();
    await first.close();

    const second = await startWorld({ folder });
    try {
      expect(second.server.context.services.broker.authority).toBe(authority);
      const device = second.moved(jonas);
      const launcher = await connectLauncher(device);
      expect(await launcher.next('kill')).toMatchObject({ orderId: order.id, sessionId: killed.id });
      launcher.say({ type: 'session-opened', sessionId: living.id, at: new Date().toISOString() });
      const stop = launcher.beat(living.id);
      const { sessionId, lease } = await launcher.next('lease');
      expect(sessionId).toBe(living.id);
      // Beyond any the launcher may hold: by the clock, or counted on in a database that others share.
      expect(JSON.parse(lease.payload).seq).toBeGreaterThan(isPostgresRun() ? 0 : 1_000_000);
      stop();
      await expect(second.open(device, 'web-01', 'deploy')).rejects.toMatchObject({ code: 'SP-2003' });
      // Login keys of a server that is alone are in memory only: what was not logged in by then is not any more. A database that others share keeps
      // them, for the others, until their time is over.
      const body = { sshSessionId: '', hostKey: '', hostSignature: '', toSign: '' };
      const login = device.client.call('loginSignature', { params: { sessionId: living.id }, body });
      await expect(login).rejects.toMatchObject({
        code: 'SP-2041',
        message: expect.stringContaining(isPostgresRun() ? 'host key is not one' : 'or its time is over'),
      });
      const view = await second.as('mira', 'getOrder', { params: { orderId: order.id } });
      expect(view).toMatchObject({ state: 'sent', relayClosedAt: expect.any(String), confirmedAt: null });
      await launcher.close();
    } finally {
      await second.close();
    }
  } finally {
    target.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
