import type { Manifest } from '../../shared/record/manifest.ts';
import type { SessionRow } from '../live/session-store.ts';

/** How far a device's clock may be from the server's and still be believed. */
export const clockToleranceMs = 60_000;
/** Nobody takes a day from the grant to the first byte. Filters by days look no further back (which.ts), so a start that is told later is not believed. */
export const startsWithinMs = 86_400_000;

export interface ManifestTimes {
  started_at: Date | null;
  ended_at: Date | null;
}

/**
 * When a finished recording began and ended: its length is that of its events, which is what a replay shows, and was measured by a monotonic
 * clock. The device's time of the start counts when it fits between the grant and `now`, and is within a day of the grant; otherwise the server's own does. Both are null for a
 * manifest without an end, and for a length that cannot be.
 */
export function manifestTimes(
  manifest: Pick<Manifest, 'segments' | 'end'> & { header: Pick<Manifest['header'], 'started'> },
  session: Pick<SessionRow, 'granted_at' | 'opened_at'>,
  now: Date,
): ManifestTimes {
  const none = { started_at: null, ended_at: null };
  if (manifest.end === null) return none;
  const length = manifest.segments.reduce((last, { t1 }) => Math.max(last, t1), 0);
  const earliest = session.granted_at.getTime() - clockToleranceMs;
  const latest = now.getTime() + clockToleranceMs;
  const said = Date.parse(manifest.header.started);
  const own = (session.opened_at ?? session.granted_at).getTime();
  // Every comparison with NaN is false: a start that is no time is not believed.
  const started = [said, own, session.granted_at.getTime()].find(
    (at) => at >= earliest && at < session.granted_at.getTime() + startsWithinMs && at + length <= latest,
  );
  return started === undefined ? none : { started_at: new Date(started), ended_at: new Date(started + length) };
}
