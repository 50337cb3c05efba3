import { afterAll, afterEach, beforeAll, expect, inject, it } from 'vitest';
import { administer, type Cluster, startCluster } from '../../harness/postgres.ts';
import { connectLauncher } from '../live-world/sockets.ts';
import { type Device, startWorld, type World } from '../live-world/world.ts';

let cluster: Cluster;
let world: World;
let jonas: Device;
const hostKeys = ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBTR8USnqh7ijXwHLnHtrUtPF599DgEHTaz2JRJXLqEb'];

beforeAll(async () => {
  cluster = await startCluster();
  await administer(cluster, 'create database sallyport');
  process.env.PGPASSFILE = cluster.passwordFile;
  const store = {
    kind: 'postgres' as const,
    database: cluster.url('sallyport'),
    overrides: {},
    drop: async () => undefined,
  };
  world = await startWorld({ store });
  await world.apply([{ name: 'web-01', host: '10.1.2.3', logins: [{ name: 'deploy' }], hostKeys }]);
  jonas = await world.enrol('jonas');
});
afterAll(async () => {
  await world?.close();
  await cluster?.remove();
  process.env.PGPASSFILE = inject('postgres').passwordFile;
});
afterEach(() => cluster.start().catch(() => undefined));

const ask = () =>
  jonas.client.call('listTargets').then(
    () => 'answered',
    (error: { code: string }) => error.code,
  );

it('a database that is stopped and started again: requests are refused in words meanwhile, and the server goes on by itself', async () => {
  const launcher = await connectLauncher(jonas);
  const session = await world.open(jonas, 'web-01', 'deploy');
  launcher.say({ type: 'session-opened', sessionId: session.id, at: new Date().toISOString() });
  const stop = launcher.beat(session.id);
  await launcher.next('lease');

  // In the middle of work: every request is answered, by the result or by the refusal.
  const during = Array.from({ length: 40 }, ask);
  await cluster.stop();
  const answers = new Set(await Promise.all(during));
  expect([...answers].filter((answer) => answer !== 'answered' && answer !== 'SP-5010')).toEqual([]);

  await expect(jonas.client.call('listTargets')).rejects.toMatchObject({
    code: 'SP-5010',
    message: expect.stringMatching(/^The database cannot be reached.*Try again/),
  });
  await expect(world.open(jonas, 'web-01', 'deploy')).rejects.toMatchObject({ code: 'SP-5010' });
  await expect(
    world.as('mira', 'killSession', { params: { sessionId: session.id }, body: { reason: 'now' } }),
  ).rejects.toMatchObject({ code: 'SP-5010' });
  await cluster.start();
  await expect.poll(ask, { timeout: 20_000 }).toBe('answered');
  stop();
  const after = await connectLauncher(jonas);
  const next = await world.open(jonas, 'web-01', 'deploy');
  const order = await world.as('mira', 'killSession', { params: { sessionId: next.id }, body: { reason: 'now' } });
  expect(await after.next('kill')).toMatchObject({ sessionId: next.id, orderId: order.id });
  await after.close();
});

it('connections that the database drops are replaced without anyone noticing', async () => {
  expect(await ask()).toBe('answered');
  await administer(
    cluster,
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'sallyport' and pid <> pg_backend_pid()",
  );
  await expect.poll(ask).toBe('answered');
  expect(await Promise.all(Array.from({ length: 30 }, ask))).toEqual(Array.from({ length: 30 }, () => 'answered'));
});

it('a connection that is lost inside a transaction takes the transaction with it, not the server', async () => {
  const { writer } = world.server.context;
  const lost = writer.transaction().execute(async (trx) => {
    await trx.insertInto('policies').values({ id: 'half done', cedar: '' }).execute();
    await administer(
      cluster,
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'sallyport' and state = 'idle in transaction'",
    );
    // By now this process has been told, while it was not asking anything.
    await expect
      .poll(() =>
        administer(
          cluster,
          "select pid from pg_stat_activity where application_name = 'sallyport' and state = 'idle in transaction'",
        ),
      )
      .toEqual([]);
    await trx.insertInto('policies').values({ id: 'other half', cedar: '' }).execute();
  });
  await expect(lost).rejects.toMatchObject({ code: 'SP-5010' });
  await expect.poll(ask).toBe('answered');
  expect(await writer.selectFrom('policies').select('id').where('id', 'like', '%half%').execute()).toEqual([]);
});

it('a crash of the database loses nothing that was acknowledged', async () => {
  // On a cluster that does not wait for its disk a crash of the process alone is what can be tested.
  const invites = await Promise.allSettled(
    Array.from({ length: 10 }, () => world.as('sanna', 'invite', { body: { userId: 'eeva' } })),
  );
  await cluster.stop('immediate');
  await cluster.start();
  await expect.poll(ask, { timeout: 20_000 }).toBe('answered');
  const made = invites.filter((invite) => invite.status === 'fulfilled').length;
  const rows = await world.server.context.reader
    .selectFrom('invites')
    .select('code_hash')
    .where('user_id', '=', 'eeva')
    .execute();
  expect(made).toBe(10);
  expect(rows).toHaveLength(made);
});
