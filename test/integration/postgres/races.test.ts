import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Transaction } from 'kysely';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Database } from '../../../src/control/store/database.ts';
import { verifyFolder } from '../../../src/recording/verify/verify-folder.ts';
import type { ApplyDocumentInput } from '../../../src/shared/protocol/control-api.ts';
import { putManifest, putSegment, record, signManifest, upload } from '../live-world/records.ts';
import { type Device, type Session, startBeside, startWorld, type World } from '../live-world/world.ts';

let recordings: string;
let first: World;
let second: World;
let jonas: Device;
/** The same device, talking to the second server. */
let jonasToo: Device;

const hostKeys = ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBTR8USnqh7ijXwHLnHtrUtPF599DgEHTaz2JRJXLqEb'];
const targets: ApplyDocumentInput['targets'] = Array.from({ length: 8 }, (_, index) => ({
  name: `web-${index}`,
  host: '10.1.2.3',
  logins: [{ name: 'deploy' }],
  hostKeys,
}));

beforeAll(async () => {
  recordings = mkdtempSync(path.join(tmpdir(), 'sallyport-shared-'));
  first = await startWorld({ recordings });
  await first.apply(targets);
  second = await startBeside(first);
  jonas = await first.enrol('jonas');
  jonasToo = second.moved(jonas);
});
afterAll(async () => {
  await second?.close();
  await first?.close();
  rmSync(recordings, { recursive: true, force: true });
});

const kill = (world: World, session: Session) =>
  world.as('mira', 'killSession', { params: { sessionId: session.id }, body: { reason: 'race' } });

/** Holds the database right behind the statement that a test is about, so that the other side comes in between. */
async function whileWaiting<T>(
  statement: (trx: Transaction<Database>) => Promise<unknown>,
  meanwhile: () => Promise<T>,
  waiters = 1,
): Promise<T> {
  let result: Promise<T> | undefined;
  await first.server.context.writer.transaction().execute(async (trx) => {
    await statement(trx);
    result = meanwhile();
    // Until what `meanwhile` started waits for us.
    await expect
      .poll(async () => {
        const { rows } = await sql<{ n: number }>`
          select count(*)::int as n from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'
        `.execute(first.server.context.writer);
        return rows[0]?.n ?? 0;
      })
      .toBeGreaterThanOrEqual(waiters);
  });
  return result as Promise<T>;
}

it('no session is granted behind a kill, whichever comes first on whichever server', async () => {
  for (const [index, target] of targets.entries()) {
    const session = await first.open(jonas, target.name, 'deploy');
    const opening = Promise.allSettled(
      Array.from({ length: 6 }, (_, n) =>
        n % 2 === 0 ? second.open(jonasToo, target.name, 'deploy') : first.open(jonas, target.name, 'deploy'),
      ),
    );
    await kill(index % 2 === 0 ? first : second, session);
    await opening;
    const alive = await first.server.context.reader
      .selectFrom('sessions')
      .innerJoin('targets', 'targets.id', 'sessions.target_id')
      .select('sessions.id')
      .where('targets.name', '=', target.name)
      .where('sessions.killed_at', 'is', null)
      .execute();
    expect(alive).toEqual([]);
    const orders = await first.server.context.reader
      .selectFrom('orders')
      .innerJoin('sessions', 'sessions.id', 'orders.session_id')
      .innerJoin('targets', 'targets.id', 'sessions.target_id')
      .select('orders.session_id')
      .where('targets.name', '=', target.name)
      .execute();
    expect(new Set(orders.map((order) => order.session_id)).size).toBe(orders.length);
  }
});

it('a grant that a kill overtakes is refused by its lock', async () => {
  await first.apply([...targets, { ...targets[0], name: 'slow-01' } as (typeof targets)[number]]);
  const session = await first.open(jonas, 'slow-01', 'deploy');
  const { user_id, target_id } = await first.server.context.reader
    .selectFrom('sessions')
    .select(['user_id', 'target_id'])
    .where('id', '=', session.id)
    .executeTakeFirstOrThrow();
  // The kill's transaction is still open when the grant looks for a lock.
  const granted = await whileWaiting(
    async (trx) => {
      const { hold } = await import('../../../src/control/store/locks.ts');
      await hold(trx, { kind: 'access', userId: user_id, targetId: target_id });
      await trx
        .insertInto('locks')
        .values({
          id: randomUUID(),
          user_id,
          target_id,
          reason: 'race',
          by_id: 'mira',
          by_name: 'Mira',
          created_at: new Date(),
          lifted_by: null,
        })
        .execute();
    },
    () =>
      second.open(jonasToo, 'slow-01', 'deploy').then(
        () => 'granted',
        (error: { code: string }) => error.code,
      ),
  );
  expect(granted).toBe('SP-2003');
});

it('the same recording sent to both servers at once is stored once, with one receipt', async () => {
  await first.apply([...targets, { ...targets[0], name: 'rec-01' } as (typeof targets)[number]]);
  const recorded = await first.open(jonas, 'rec-01', 'deploy');
  const local = await record(first, recorded, { bytes: 600_000, input: 'ls\n' });
  for (const segment of local.segments) {
    const answers = await Promise.all(
      [jonas, jonasToo, jonas, jonasToo].map((device) => putSegment(device, recorded.id, segment)),
    );
    expect(new Set(answers.map((answer) => answer.sha256)).size).toBe(1);
    expect(new Set(answers.map((answer) => answer.storedAt)).size).toBe(1);
  }
  const receipts = await Promise.all(
    [jonas, jonasToo, jonas, jonasToo].map((device) =>
      putManifest(device, recorded.id, local.manifest, local.signature),
    ),
  );
  expect(new Set(receipts.map((answer) => answer.receipt.payload)).size).toBe(1);
  const completed = (await first.auditOf(recorded.id)).filter((event) => event === 'recording.completed');
  expect(completed).toHaveLength(1);
  expect(await verifyFolder(path.join(recordings, recorded.id), {})).toMatchObject({
    ok: true,
    ended: true,
    firstBad: null,
  });
});

it('other bytes for one segment from both servers at once: one is stored, the other refused', async () => {
  const session = await first.open(jonas, 'rec-01', 'deploy');
  const segment = (text: string) => ({ stream: 'output' as const, seq: 0, bytes: Buffer.from(text) });
  const answers = await Promise.allSettled([
    putSegment(jonas, session.id, segment('one')),
    putSegment(jonasToo, session.id, segment('two')),
  ]);
  const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []));
  expect(refused).toEqual([expect.objectContaining({ code: 'SP-3021' })]);
});

it('a shorter manifest that another server overtakes does not replace the longer one', async () => {
  const session = await first.open(jonas, 'rec-01', 'deploy');
  const local = await record(first, session, { bytes: 900_000 });
  for (const segment of local.segments) await putSegment(jonas, session.id, segment);
  const shorter = `${local.manifest.trimEnd().split('\n').slice(0, -2).join('\n')}\n`;
  const signature = signManifest(session, shorter);
  for (let round = 0; round < 4; round += 1) {
    await Promise.allSettled([
      putManifest(jonas, session.id, local.manifest, local.signature),
      putManifest(jonasToo, session.id, shorter, signature),
    ]);
    const row = await first.server.context.reader
      .selectFrom('recording_manifests')
      .select('text')
      .where('session_id', '=', session.id)
      .executeTakeFirstOrThrow();
    expect(row.text).toBe(local.manifest);
    expect(readFileSync(path.join(recordings, session.id, 'manifest'), 'utf8')).toBe(local.manifest);
  }
});

it('no segment joins a recording that is being finished at the other server', async () => {
  for (let round = 0; round < 6; round += 1) {
    const session = await first.open(jonas, 'rec-01', 'deploy');
    const local = await record(first, session, { bytes: 1000 });
    const last = local.segments.filter((segment) => segment.stream === 'output').length;
    for (const segment of local.segments) await putSegment(jonas, session.id, segment);
    await Promise.allSettled([
      putManifest(jonas, session.id, local.manifest, local.signature),
      putSegment(jonasToo, session.id, { stream: 'output', seq: last, bytes: Buffer.from('late') }),
    ]);
    const rows = await first.server.context.reader
      .selectFrom('recording_segments')
      .select('seq')
      .where('session_id', '=', session.id)
      .execute();
    const manifest = await first.server.context.reader
      .selectFrom('recording_manifests')
      .select('ended')
      .where('session_id', '=', session.id)
      .executeTakeFirst();
    // Either the manifest came first and the segment was refused, or the segment did and the manifest was.
    expect(rows.length === local.segments.length).toBe(manifest?.ended === true);
  }
});

it('applies at both servers at once count one after the other', async () => {
  const version = async () =>
    (await first.server.context.reader.selectFrom('organisation').select('version').executeTakeFirstOrThrow()).version;
  const before = await version();
  const changes = Array.from({ length: 8 }, (_, index) => [
    ...targets,
    { ...targets[0], name: `applied-${index}` } as (typeof targets)[number],
  ]);
  await Promise.all(changes.map((document, index) => (index % 2 === 0 ? first : second).apply(document)));
  expect(await version()).toBe(before + changes.length);
  const inForce = await first.server.context.reader
    .selectFrom('targets')
    .select('name')
    .where('name', 'like', 'applied-%')
    .where('removed_at', 'is', null)
    .execute();
  expect(inForce).toHaveLength(1);
});

it('a lock is lifted once', async () => {
  await first.apply(targets);
  const lock = (await second.as('mira', 'listLocks')).locks.find((each) => each.target.name === 'web-3');
  const lift = (world: World) => world.as('mira', 'liftLock', { params: { lockId: lock?.id ?? '' } });
  // Both have looked, and both write.
  await whileWaiting(
    (trx) =>
      trx
        .selectFrom('locks')
        .select('id')
        .where('id', '=', lock?.id ?? '')
        .forUpdate()
        .execute(),
    () => Promise.allSettled([lift(first), lift(second)]),
    2,
  );
  expect(await first.auditOf(lock?.id ?? '')).toEqual(expect.arrayContaining(['lock.lifted']));
  expect((await first.auditOf(lock?.id ?? '')).filter((event) => event === 'lock.lifted')).toHaveLength(1);
  const session = await first.open(jonas, 'web-3', 'deploy');
  await upload(session, await record(first, session));
});
