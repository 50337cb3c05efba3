import type { z } from 'zod';
import { SallyportError } from '../../shared/errors/result.ts';
import type { RecordingView } from '../../shared/model/recording.ts';
import type { recordingsQuerySchema } from '../../shared/protocol/review-api.ts';
import type { Actor } from '../actor.ts';
import type { CoreContext } from '../context.ts';
import { viewsOf } from './read.ts';
import { decideRecordings, type Judged } from './rights.ts';
import { sessionsThat } from './which.ts';

/** So many sessions are looked at for one page. Where they are not enough to fill it the answer says where to go on. */
const scanAtMost = 50_000;
const scanMostAtOnce = 5000;

type Place = Pick<Judged, 'id'> & { granted_at: Date };

function placeText({ granted_at, id }: Place): string {
  return `${granted_at.toISOString()}~${id}`;
}

function placeOf(text: string): Place {
  const at = text.indexOf('~');
  const granted_at = new Date(text.slice(0, Math.max(0, at)));
  // Of the years with four digits: no session began in another, and a database does not know every one.
  const isTime = /^(?!0000)\d{4}-/.test(text) && !Number.isNaN(granted_at.getTime());
  if (at < 0 || !isTime || granted_at.toISOString() !== text.slice(0, at))
    throw new SallyportError('SP-5001', 'This is no place to go on from. Load the list from its beginning.');
  return { granted_at, id: text.slice(at + 1) };
}

/**
 * Recordings this person may list and that the filters let through, newest first: a page of them, and where the next one begins. Sessions that were registered and of
 * which nothing came are among them. Throws SP-5001 for a place that none was.
 */
export async function listRecordings(
  core: CoreContext,
  actor: Actor,
  query: z.output<typeof recordingsQuerySchema>,
): Promise<{ recordings: RecordingView[]; next: string | null }> {
  const { limit } = query;
  const now = core.clock.now();
  const permitted: (Judged & Place)[] = [];
  let place = query.after === undefined ? null : placeOf(query.after);
  let over = false;
  let looked = 0;
  for (let atOnce = limit + 1; !over && permitted.length <= limit && looked < scanAtMost; ) {
    let sessions = sessionsThat(core.reader, actor, query, now)
      .select(['s.id', 's.user_id', 's.target_id', 's.login', 's.granted_at'])
      .orderBy('s.granted_at', 'desc')
      .orderBy('s.id', 'desc')
      .limit(atOnce);
    if (place !== null) {
      const { granted_at, id } = place;
      sessions = sessions.where((eb) => eb(eb.refTuple('s.granted_at', 's.id'), '<', eb.tuple(granted_at, id)));
    }
    const rows = await sessions.execute();
    const decided = await decideRecordings(core, actor, rows, (resource) => [{ action: 'ListRecordings', resource }]);
    permitted.push(...rows.filter((_, index) => decided[index]?.[0] === true));
    over = rows.length < atOnce;
    looked += rows.length;
    place = rows.at(-1) ?? place;
    atOnce = Math.min(scanMostAtOnce, atOnce * 4);
  }
  const page = permitted.slice(0, limit);
  const last = permitted.length > limit ? page.at(-1) : over ? undefined : (place ?? undefined);
  return { recordings: await viewsOfIds(core, actor, page), next: last === undefined ? null : placeText(last) };
}

/** Grants are large: only those of the page are read. */
async function viewsOfIds(core: CoreContext, actor: Actor, page: readonly Judged[]): Promise<RecordingView[]> {
  if (page.length === 0) return [];
  const ids = page.map(({ id }) => id);
  const sessions = await core.reader.selectFrom('sessions').selectAll().where('id', 'in', ids).execute();
  const sessionOf = new Map(sessions.map((session) => [session.id, session]));
  return viewsOf(
    core,
    actor,
    ids.flatMap((id) => sessionOf.get(id) ?? []),
  );
}
