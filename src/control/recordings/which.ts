import { type RawBuilder, sql } from 'kysely';
import type { Actor } from '../actor.ts';
import type { Reader } from '../context.ts';
import { likePattern } from '../store/like.ts';
import { clockToleranceMs, startsWithinMs } from './manifest-times.ts';
import { arrivalGraceMs } from './views.ts';

/** The filters that lists and searches have in common (`whichRecordings`), and those of lists. */
export interface Which {
  user?: string | undefined;
  target?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  mine?: 'yes' | undefined;
  minSeconds?: number | undefined;
  maxSeconds?: number | undefined;
  state?: 'running' | 'complete' | 'incomplete' | 'killed' | undefined;
  reviewed?: 'yes' | 'no' | undefined;
  held?: 'yes' | 'no' | undefined;
  findings?: 'yes' | 'no' | undefined;
}

/** As `toRecordingView` says it. */
export const startOf = sql<Date>`coalesce(m.started_at, s.opened_at, s.granted_at)`;
const endOf = sql<Date | null>`coalesce(m.ended_at, s.ended_at)`;

/** Sessions `s` with their manifests `m` that the filters let through. `now` decides, as in `standingOf`, until when silence counts as sending. */
export function sessionsThat(db: Reader, actor: Actor, which: Which, now: Date) {
  let query = db
    .selectFrom('sessions as s')
    .leftJoin('recording_manifests as m', 'm.session_id', 's.id')
    .innerJoin('people as p', 'p.id', 's.user_id')
    .innerJoin('targets as t', 't.id', 's.target_id');
  if (which.mine === 'yes') query = query.where('s.user_id', '=', actor.userId);
  // Of their own recordings nobody is told that they are held or have findings, by a filter neither.
  if (which.held !== undefined || which.findings !== undefined) query = query.where('s.user_id', '<>', actor.userId);
  for (const condition of conditionsOf(which, now)) query = query.where(condition);
  return query;
}

function conditionsOf(which: Which, now: Date): RawBuilder<boolean>[] {
  const found: RawBuilder<boolean>[] = [];
  const { user, target, minSeconds, maxSeconds } = which;
  if (user !== undefined) found.push(sql`(p.name ilike ${likePattern(user)} or p.id ilike ${likePattern(user)})`);
  if (target !== undefined) found.push(sql`t.name ilike ${likePattern(target)}`);
  if (which.from !== undefined) {
    const from = new Date(which.from);
    found.push(sql`${startOf} >= ${from}`);
    // For the index: how far a start may be from its grant.
    found.push(sql`s.granted_at >= ${new Date(from.getTime() - startsWithinMs)}`);
  }
  if (which.to !== undefined) {
    const to = new Date(which.to);
    found.push(sql`${startOf} < ${to}`);
    found.push(sql`s.granted_at < ${new Date(to.getTime() + clockToleranceMs)}`);
  }
  const seconds = sql`extract(epoch from (${endOf} - ${startOf}))`;
  if (minSeconds !== undefined) found.push(sql`${seconds} >= ${minSeconds}::bigint`);
  if (maxSeconds !== undefined) found.push(sql`${seconds} <= ${maxSeconds}::bigint`);
  if (which.state !== undefined) found.push(stateIs(which.state, now));
  const flags = {
    reviewed: sql<boolean>`exists (select from recording_reviews r where r.session_id = s.id)`,
    held: sql<boolean>`exists (select from recording_holds h where h.session_id = s.id and h.lifted_at is null)`,
    findings: sql<boolean>`exists (select from recording_findings f where f.session_id = s.id)`,
  };
  for (const name of ['reviewed', 'held', 'findings'] as const) {
    if (which[name] === 'yes') found.push(flags[name]);
    if (which[name] === 'no') found.push(sql`not ${flags[name]}`);
  }
  return found;
}

/** `standingOf` in SQL; that of its words which a filter has. */
function stateIs(state: NonNullable<Which['state']>, now: Date): RawBuilder<boolean> {
  const complete = sql<boolean>`coalesce(m.ended, false)`;
  const journal = sql<boolean>`exists (select from recording_journals j where j.session_id = s.id)`;
  const sending = sql<boolean>`(s.ended_at is null or (s.ended_by = 'launcher' and s.ended_at > ${new Date(now.getTime() - arrivalGraceMs)}))`;
  switch (state) {
    case 'killed':
      return sql`exists (select from orders o where o.session_id = s.id)`;
    case 'complete':
      return complete;
    case 'running':
      return sql`(not ${complete} and not ${journal} and ${sending})`;
    case 'incomplete':
      return sql`(not ${complete} and (${journal} or not ${sending}))`;
  }
}
