import { randomUUID } from 'node:crypto';
import type { Transaction } from 'kysely';
import type { z } from 'zod';
import type { ApplyDocument, applyResultSchema } from '../../shared/protocol/control-api.ts';
import type { Actor, CoreContext } from '../context.ts';
import type { Database } from '../store/database.ts';
import { hold } from '../store/locks.ts';
import { checkDocument } from './check.ts';
import { canonical, counts, type Difference, difference } from './difference.ts';
import { newPasswordPlaces } from './password-places.ts';
import { readInForce } from './state.ts';

export type ApplyResult = z.output<typeof applyResultSchema>;

/** Rows per INSERT: a statement may have 65,535 parameters. */
const rowsAtOnce = 500;

/**
 * Makes people, targets and policies what the document says, in one transaction, audited. A second apply of the same changes nothing. Removed
 * people lose devices and invites at once. Throws SP-5007 or SP-5008 and changes nothing then.
 */
export async function applyDocument(core: CoreContext, actor: Actor, document: ApplyDocument): Promise<ApplyResult> {
  const wanted = checkDocument(document);
  await core.policy.validate(wanted.policies);
  const now = core.clock.now();
  const done = await core.writer.transaction().execute(async (transaction) => {
    // The difference is against what is in force when it is written, also by another server.
    await hold(transaction, { kind: 'apply' });
    const before = await readInForce(transaction);
    const people = difference(before.people, wanted.people, (person) => person.id);
    const targets = difference(before.targets, wanted.targets, (target) => target.name);
    const policies = difference(before.policies, wanted.policies, (policy) => policy.id);
    const organisation = canonical(before.organisation) !== canonical(wanted.organisation);
    const result: ApplyResult = {
      organisation: { changed: organisation },
      people: counts(people),
      targets: counts(targets),
      policies: counts(policies),
    };
    const changes = [people, targets, policies].some(
      (found) => found.added.length + found.changed.length + found.removed.length > 0,
    );
    const version = before.version + (organisation || changes ? 1 : 0);
    if (version !== before.version) await writeOrganisation(transaction, wanted.organisation, version);
    await writePeople(transaction, people, now);
    await writeTargets(transaction, targets, now);
    await writePolicies(transaction, policies);
    const revoked = await revokeDevicesOf(
      transaction,
      people.removed.map((person) => person.id),
      now,
    );
    await revokeRequestsOf(
      transaction,
      people.removed.map((person) => person.id),
      actor,
      now,
    );
    const lines = [
      await core.audit.recordWithin(transaction, {
        event: 'config.applied',
        actor: actor.userId,
        subject: null,
        detail: { version, ...result },
      }),
    ];
    for (const { target: subject, ...detail } of newPasswordPlaces(before.targets, wanted.targets)) {
      lines.push(
        await core.audit.recordWithin(transaction, { event: 'secret.bound', actor: actor.userId, subject, detail }),
      );
    }
    for (const person of people.removed) {
      const devices = revoked.filter((device) => device.user_id === person.id).map((device) => device.id);
      lines.push(
        await core.audit.recordWithin(transaction, {
          event: 'person.removed',
          actor: actor.userId,
          subject: person.id,
          detail: { devices },
        }),
      );
      for (const device of devices) {
        lines.push(
          await core.audit.recordWithin(transaction, {
            event: 'device.revoked',
            actor: actor.userId,
            subject: device,
            detail: { user: person.id, because: 'The person was removed.' },
          }),
        );
      }
    }
    return {
      result,
      version,
      changed: version !== before.version,
      policies: policies.added.length + policies.changed.length + policies.removed.length > 0,
      revoked,
      lines,
    };
  });
  for (const line of done.lines) await line();
  core.inForce.set(done.version, done.policies ? wanted.policies : null);
  for (const userId of new Set(done.revoked.map((device) => device.user_id))) {
    const deviceIds = done.revoked.filter((device) => device.user_id === userId).map((device) => device.id);
    core.events.emit('devices-revoked', { deviceIds, userId, because: 'The person was removed.' });
  }
  if (done.changed) core.events.emit('applied', { version: done.version });
  return done.result;
}

async function writeOrganisation(
  transaction: Transaction<Database>,
  organisation: ApplyDocument['organisation'],
  version: number,
): Promise<void> {
  const row = {
    name: organisation.name,
    break_glass_recipient: organisation.breakGlassRecipient,
    device_key: organisation.deviceKey,
    relay_exceptions: JSON.stringify(organisation.relayExceptions),
    sealed_passwords: organisation.sealedPasswords,
    recording: JSON.stringify(organisation.recording),
    version,
  };
  await transaction
    .insertInto('organisation')
    .values({ id: 1, ...row })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
    .execute();
}

async function writePeople(
  transaction: Transaction<Database>,
  people: Difference<ApplyDocument['people'][number]>,
  now: Date,
): Promise<void> {
  const rows = [...people.added, ...people.changed].map((person) => ({
    id: person.id,
    name: person.name,
    roles: JSON.stringify(person.roles),
    groups: JSON.stringify(person.groups),
    created_at: now,
    removed_at: null,
  }));
  for (const part of parts(rows)) {
    await transaction
      .insertInto('people')
      .values(part)
      // Also brings back a person who was removed: the same id is the same person.
      .onConflict((conflict) =>
        conflict.column('id').doUpdateSet((eb) => ({
          name: eb.ref('excluded.name'),
          roles: eb.ref('excluded.roles'),
          groups: eb.ref('excluded.groups'),
          removed_at: null,
        })),
      )
      .execute();
  }
  for (const part of parts(people.removed.map((person) => person.id))) {
    await transaction.updateTable('people').set({ removed_at: now }).where('id', 'in', part).execute();
  }
}

async function writeTargets(
  transaction: Transaction<Database>,
  targets: Difference<ApplyDocument['targets'][number]>,
  now: Date,
): Promise<void> {
  const rows = [...targets.added, ...targets.changed].map((target) => ({
    id: randomUUID(),
    name: target.name,
    description: target.description,
    host: target.host,
    port: target.port,
    route: target.route,
    labels: JSON.stringify(target.labels),
    production: target.production,
    owner: target.owner,
    needs: JSON.stringify(target.needs),
    logins: JSON.stringify(target.logins),
    host_keys: JSON.stringify(target.hostKeys),
    limits: JSON.stringify(target.limits),
    recording: JSON.stringify(target.recording),
    reexchange_failed_at: null,
    created_at: now,
    removed_at: null,
  }));
  for (const part of parts(rows)) {
    await transaction
      .insertInto('targets')
      .values(part)
      .onConflict((conflict) =>
        conflict.column('name').doUpdateSet((eb) => ({
          description: eb.ref('excluded.description'),
          host: eb.ref('excluded.host'),
          port: eb.ref('excluded.port'),
          route: eb.ref('excluded.route'),
          labels: eb.ref('excluded.labels'),
          production: eb.ref('excluded.production'),
          owner: eb.ref('excluded.owner'),
          needs: eb.ref('excluded.needs'),
          logins: eb.ref('excluded.logins'),
          host_keys: eb.ref('excluded.host_keys'),
          limits: eb.ref('excluded.limits'),
          recording: eb.ref('excluded.recording'),
          reexchange_failed_at: null,
          removed_at: null,
        })),
      )
      .execute();
  }
  for (const part of parts(targets.removed.map((target) => target.name))) {
    await transaction.updateTable('targets').set({ removed_at: now }).where('name', 'in', part).execute();
  }
}

async function writePolicies(
  transaction: Transaction<Database>,
  policies: Difference<ApplyDocument['policies'][number]>,
): Promise<void> {
  for (const part of parts([...policies.added, ...policies.changed])) {
    await transaction
      .insertInto('policies')
      .values(part)
      .onConflict((conflict) => conflict.column('id').doUpdateSet((eb) => ({ cedar: eb.ref('excluded.cedar') })))
      .execute();
  }
  for (const part of parts(policies.removed.map((policy) => policy.id))) {
    await transaction.deleteFrom('policies').where('id', 'in', part).execute();
  }
}

async function revokeDevicesOf(
  transaction: Transaction<Database>,
  people: string[],
  now: Date,
): Promise<{ id: string; user_id: string }[]> {
  if (people.length === 0) return [];
  await transaction.deleteFrom('invites').where('user_id', 'in', people).where('used_at', 'is', null).execute();
  return transaction
    .updateTable('devices')
    .set({ revoked_at: now })
    .where('user_id', 'in', people)
    .where('revoked_at', 'is', null)
    .returning(['id', 'user_id'])
    .execute();
}

/** Put back, a person starts without the access they once were granted. */
async function revokeRequestsOf(
  transaction: Transaction<Database>,
  people: string[],
  actor: Actor,
  now: Date,
): Promise<void> {
  if (people.length === 0) return;
  await transaction
    .updateTable('access_requests')
    .set({
      state: 'revoked',
      revoked_by: actor.userId,
      revoked_by_name: actor.name,
      revoked_at: now,
      revocation_reason: 'The person was removed.',
    })
    .where('user_id', 'in', people)
    .where('state', 'in', ['open', 'approved'])
    .execute();
}

function parts<T>(rows: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(rows.length / rowsAtOnce) }, (_, index) =>
    rows.slice(index * rowsAtOnce, (index + 1) * rowsAtOnce),
  );
}
