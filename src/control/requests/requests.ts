import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { SallyportError } from '../../shared/errors/result.ts';
import type { AccessRequestState, AccessRequestView } from '../../shared/model/access-request.ts';
import type { accessApi } from '../../shared/protocol/access-api.ts';
import type { AuditEntry } from '../audit/audit.ts';
import type { Actor, CoreContext } from '../context.ts';
import type { Hub } from '../live/hub.ts';
import { findTarget } from '../live/session-store.ts';
import type { RequestResource } from '../policy/policy.ts';
import { targetResource } from '../targets/target-resource.ts';
import { knowsTarget, standingOf, targetNotFound } from './may-request.ts';
import { firstProgress, type RequestEvent, type RequestRefusal, stepRequest } from './request-state.ts';
import { type JoinedRequest, joined, progressOf, toRequestView } from './request-view.ts';

type RequestBody = z.output<typeof accessApi.requestAccess.body>;
type DecisionBody = z.output<typeof accessApi.decideAccessRequest.body>;

export interface AccessRequests {
  /** Throws SP-2001 (no such target for this person), SP-2002 (nothing to ask for), SP-2005 (one waits already, or it is not needed). */
  create(actor: Actor, body: RequestBody): Promise<AccessRequestView>;
  /** A person's own, and those they may decide; newest first. */
  list(actor: Actor, wanted: { state?: AccessRequestState | undefined; limit: number }): Promise<AccessRequestView[]>;
  /** Throws SP-2004 (none for this person), SP-5003 (their own), SP-2005 (not open any more, or more than was asked for). */
  decide(actor: Actor, requestId: string, body: DecisionBody): Promise<AccessRequestView>;
  /** Its person may, and whoever may decide it. Throws SP-2004, SP-2005 (over already). */
  revoke(actor: Actor, requestId: string, reason: string): Promise<AccessRequestView>;
  close(): Promise<void>;
}

/** How many requests are looked at to fill a list. */
const scanLimit = 5000;
/** How many of a person's requests may wait at once. */
const maxOpen = 50;
/** What ran out is written down about this often; it counts as over from its own time on. */
const sweepMs = 5000;

function notFound(): SallyportError {
  return new SallyportError(
    'SP-2004',
    'There is no such access request among your own and those you may decide. List the requests and use an id from there.',
  );
}

const refusals: Record<RequestRefusal, string> = {
  'more-than-asked': 'An approval may be for less time than was asked for, never for more. Give less time.',
  approved: 'This request was approved already. Revoke it, if the access should end.',
  denied: 'This request was denied already. A new one can be made.',
  revoked: 'This request was withdrawn or its access revoked. A new one can be made.',
  expired: 'This request has run out. A new one can be made.',
};

function refused(why: string): SallyportError {
  return new SallyportError('SP-2005', why);
}

export function makeAccessRequests({ core, hub }: { core: CoreContext; hub: Hub }): AccessRequests {
  function resourceOf(row: JoinedRequest, target: RequestResource['target']): RequestResource {
    return { id: row.id, ownerId: row.user_id, target, login: row.login, seconds: row.seconds };
  }

  /** Nobody decides about their own, whatever the policies say. */
  async function mayDecide(actor: Actor, row: JoinedRequest): Promise<boolean> {
    if (row.user_id === actor.userId) return false;
    const target = await findTarget(core.reader, row.target_id);
    if (target === null) return false;
    const resource = resourceOf(row, targetResource(target));
    return (await core.policy.decide(actor, { action: 'DecideRequest', resource })).allowed;
  }

  async function visible(actor: Actor, requestId: string): Promise<{ row: JoinedRequest; decides: boolean }> {
    const row = await joined(core.reader).where('access_requests.id', '=', requestId).executeTakeFirst();
    const decides = row !== undefined && (await mayDecide(actor, row));
    if (row === undefined || (row.user_id !== actor.userId && !decides)) throw notFound();
    return { row, decides };
  }

  /** Stores a change of the state, if nobody was faster, and audits it in the same step. */
  async function store(
    row: JoinedRequest,
    event: RequestEvent,
    change: Partial<Pick<JoinedRequest, ChangedColumn>>,
    entry: AuditEntry,
  ): Promise<JoinedRequest> {
    const step = stepRequest(progressOf(row), event);
    if ('refused' in step) throw refused(refusals[step.refused]);
    const { state, grantedSeconds, endsAt } = step.next;
    const moved = {
      ...change,
      state,
      granted_seconds: grantedSeconds,
      ends_at: endsAt === null ? null : new Date(endsAt),
    };
    const line = await core.writer.transaction().execute(async (transaction) => {
      const { numUpdatedRows } = await transaction
        .updateTable('access_requests')
        .set(moved)
        .where('id', '=', row.id)
        .where('state', '=', row.state)
        .executeTakeFirst();
      if (numUpdatedRows !== 1n) throw refused('Someone else was faster with this request. List the requests again.');
      const detail = { ...entry.detail, seconds: grantedSeconds, endsAt: moved.ends_at?.toISOString() ?? null };
      return core.audit.recordWithin(transaction, { ...entry, detail });
    });
    await line();
    return { ...row, ...moved };
  }

  function factsOf(row: JoinedRequest): Record<string, unknown> {
    return { user: row.user_id, target: row.target_name, login: row.login };
  }

  /** Writes down what has run out, each once. */
  async function lapse(): Promise<void> {
    const now = core.clock.now();
    const { lines, people } = await core.writer.transaction().execute(async (transaction) => {
      const over = await transaction
        .updateTable('access_requests')
        .set({ state: 'expired' })
        .where((where) =>
          where.or([
            where.and([where('state', '=', 'open'), where('lapses_at', '<=', now)]),
            where.and([where('state', '=', 'approved'), where('ends_at', '<=', now)]),
          ]),
        )
        .returning(['id', 'user_id', 'target_id', 'login', 'granted_seconds'])
        .execute();
      const written: (() => Promise<void>)[] = [];
      for (const row of over) {
        const was = row.granted_seconds === null ? 'undecided' : 'granted';
        const detail = { user: row.user_id, target: row.target_id, login: row.login, was };
        written.push(
          await core.audit.recordWithin(transaction, {
            event: 'access.expired',
            actor: 'server',
            subject: row.id,
            detail,
          }),
        );
      }
      return { lines: written, people: new Set(over.map((row) => row.user_id)) };
    });
    for (const line of lines) await line();
    for (const userId of people) hub.changed(['targets'], userId);
  }

  let sweeping: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    sweeping = sweeping
      .then(lapse)
      .catch((error: unknown) => core.log.error({ err: error }, 'access that ran out could not be written down'));
  }, sweepMs);
  timer.unref();

  return {
    async create(actor, body) {
      await lapse();
      const target = await findTarget(core.reader, body.targetId);
      if (target === null || target.removed_at !== null) throw targetNotFound();
      const standing = await standingOf(core, actor, target, body.login);
      if (standing.connects)
        throw refused(`You may connect to ${target.name} as ${body.login} without an approval. Just connect.`);
      if (!standing.requests) {
        if (!(await knowsTarget(core, actor, target))) throw targetNotFound();
        throw new SallyportError(
          'SP-2002',
          `Access to ${target.name} as ${body.login} is not given on request. Ask whoever writes the access rules.`,
          { facts: { target: target.name, login: body.login } },
        );
      }
      const now = core.clock.now();
      const { state, lapsesAt } = firstProgress(now.getTime(), body.seconds);
      const row = {
        id: randomUUID(),
        user_id: actor.userId,
        target_id: target.id,
        login: body.login,
        seconds: body.seconds,
        reason: body.reason,
        ticket: body.ticket,
        state,
        requested_at: now,
        lapses_at: new Date(lapsesAt),
      };
      const line = await core.writer.transaction().execute(async (transaction) => {
        const waiting = await transaction
          .selectFrom('access_requests')
          .select('id')
          .where('user_id', '=', actor.userId)
          .where('state', '=', 'open')
          .execute();
        if (waiting.length >= maxOpen)
          throw refused(`You have ${waiting.length} requests that nobody has decided yet. Withdraw some first.`);
        const { numInsertedOrUpdatedRows } = await transaction
          .insertInto('access_requests')
          .values(row)
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst();
        if (numInsertedOrUpdatedRows !== 1n)
          throw refused(
            `A request of yours for ${target.name} as ${body.login} waits already. Withdraw it first: sallyport requests revoke.`,
          );
        const { login, seconds, reason, ticket } = body;
        return core.audit.recordWithin(transaction, {
          event: 'access.requested',
          actor: actor.userId,
          subject: row.id,
          detail: { target: target.name, login, seconds, reason, ticket },
        });
      });
      await line();
      return toRequestView((await visible(actor, row.id)).row, now, false);
    },

    async list(actor, { state, limit }) {
      await lapse();
      const rows = await joined(core.reader)
        .$if(state !== undefined, (query) => query.where('access_requests.state', '=', state ?? 'open'))
        .orderBy('access_requests.requested_at', 'desc')
        .limit(scanLimit)
        .execute();
      const targets = new Map(
        (await core.reader.selectFrom('targets').selectAll().execute()).map((row) => [row.id, targetResource(row)]),
      );
      const others = rows.flatMap((row) => {
        const target = targets.get(row.target_id);
        return row.user_id === actor.userId || target === undefined ? [] : [resourceOf(row, target)];
      });
      const decisions = await core.policy.decideMany(
        actor,
        others.map((resource) => ({ action: 'DecideRequest' as const, resource })),
      );
      const deciding = new Set(others.filter((_, index) => decisions[index]?.allowed === true).map(({ id }) => id));
      const now = core.clock.now();
      return rows
        .filter((row) => row.user_id === actor.userId || deciding.has(row.id))
        .slice(0, limit)
        .map((row) => toRequestView(row, now, deciding.has(row.id)));
    },

    async decide(actor, requestId, { decision, seconds, reason }) {
      await lapse();
      const { row, decides } = await visible(actor, requestId);
      if (!decides) {
        throw new SallyportError(
          'SP-5003',
          'Nobody decides about their own request. Someone else who may decide it has to.',
        );
      }
      const now = core.clock.now();
      const deed = {
        decided_by: actor.userId,
        decided_by_name: actor.name,
        decided_at: now,
        decision_reason: reason,
      };
      const event: RequestEvent =
        decision === 'approve'
          ? { type: 'approve', at: now.getTime(), seconds: seconds ?? null }
          : { type: 'deny', at: now.getTime() };
      const after = await store(row, event, deed, {
        event: decision === 'approve' ? 'access.approved' : 'access.denied',
        actor: actor.userId,
        subject: row.id,
        detail: { ...factsOf(row), reason },
      });
      hub.changed(['targets'], row.user_id);
      return toRequestView(after, now, true);
    },

    async revoke(actor, requestId, reason) {
      await lapse();
      const { row, decides } = await visible(actor, requestId);
      const now = core.clock.now();
      const deed = {
        revoked_by: actor.userId,
        revoked_by_name: actor.name,
        revoked_at: now,
        revocation_reason: reason,
      };
      const after = await store(row, { type: 'revoke', at: now.getTime() }, deed, {
        event: 'access.revoked',
        actor: actor.userId,
        subject: row.id,
        detail: { ...factsOf(row), was: row.state, reason },
      });
      core.events.emit('access-ended', { requestId: row.id });
      hub.changed(['targets'], row.user_id);
      return toRequestView(after, now, decides);
    },

    async close() {
      clearInterval(timer);
      await sweeping;
    },
  };
}

type ChangedColumn =
  | 'decided_by'
  | 'decided_by_name'
  | 'decided_at'
  | 'decision_reason'
  | 'revoked_by'
  | 'revoked_by_name'
  | 'revoked_at'
  | 'revocation_reason';
