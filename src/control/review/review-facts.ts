import { sql } from 'kysely';
import type { ReviewState, Severity } from '../../shared/model/review.ts';
import type { Actor, Reader } from '../context.ts';

/** What is beside a recording, without what the asking person may do. */
export type ReviewFacts = Omit<ReviewState, 'may'>;

export const notReviewed: ReviewFacts = {
  reviewed: null,
  hold: null,
  bookmarks: 0,
  findings: { open: 0, closed: 0, worst: null },
};

/** What someone may do beside a recording, by what the rules say: nobody judges what they did themselves, or lets the evidence of it go. */
export function mayBeside(
  actor: Pick<Actor, 'userId'>,
  ownerId: string,
  { review, hold }: { review: boolean | undefined; hold: boolean | undefined },
): ReviewState['may'] {
  const isOwn = ownerId === actor.userId;
  return { review: !isOwn && review === true, hold: !isOwn && hold === true };
}

/** What this person is told of it: whose recording it is learns neither of findings nor of a hold, which would warn them, only that it was reviewed. */
export function factsFor(actor: Pick<Actor, 'userId'>, ownerId: string, facts: ReviewFacts): ReviewFacts {
  if (actor.userId !== ownerId) return facts;
  const { reviewed } = facts;
  return { ...notReviewed, reviewed: reviewed === null ? null : { ...reviewed, note: '' } };
}

const severities: readonly Severity[] = ['low', 'medium', 'high'];

/** Of those of these sessions beside which there is anything, in four questions however many they are. `worst` is of open findings. */
export async function reviewFactsOf(db: Reader, ids: readonly string[]): Promise<ReadonlyMap<string, ReviewFacts>> {
  const found = new Map<string, ReviewFacts>();
  if (ids.length === 0) return found;
  const of = (id: string): ReviewFacts => {
    const known = found.get(id);
    if (known !== undefined) return known;
    const fresh = structuredClone(notReviewed);
    found.set(id, fresh);
    return fresh;
  };
  const these = sql<boolean>`session_id = any(${[...ids]}::text[])`;
  const reviews = await db.selectFrom('recording_reviews').selectAll().where(these).execute();
  for (const { session_id, by_id, by_name, at, note } of reviews)
    of(session_id).reviewed = { by: { id: by_id, name: by_name }, at: at.toISOString(), note };
  const holds = await db
    .selectFrom('recording_holds')
    .selectAll()
    .where(these)
    .where('lifted_at', 'is', null)
    .execute();
  for (const { session_id, by_id, by_name, at, reason } of holds)
    of(session_id).hold = { by: { id: by_id, name: by_name }, at: at.toISOString(), reason };
  const bookmarks = await db
    .selectFrom('recording_bookmarks')
    .select(['session_id', sql<number>`count(*)::int`.as('count')])
    .where(these)
    .groupBy('session_id')
    .execute();
  for (const { session_id, count } of bookmarks) of(session_id).bookmarks = count;
  const findings = await db
    .selectFrom('recording_findings')
    .select(['session_id', 'state', 'severity', sql<number>`count(*)::int`.as('count')])
    .where(these)
    .groupBy(['session_id', 'state', 'severity'])
    .execute();
  for (const { session_id, state, severity, count } of findings) {
    const { findings: counts } = of(session_id);
    counts[state] += count;
    const worst = counts.worst === null ? -1 : severities.indexOf(counts.worst);
    if (state === 'open' && severities.indexOf(severity) > worst) counts.worst = severity;
  }
  return found;
}
