import type { Selectable } from 'kysely';
import type { KeyedStream, RecordingView } from '../../shared/model/recording.ts';
import type { ReviewState } from '../../shared/model/review.ts';
import { evidenceLevelOf } from '../../shared/model/session.ts';
import { loginKindOf } from '../../shared/protocol/signed.ts';
import { endReasonText } from '../../shared/record/end-reason.ts';
import { grantOf, type SessionRow } from '../live/session-store.ts';
import type { JournalTable, SegmentTable, WireTable } from '../store/session-tables.ts';

/** How long after its end a session may still be sending before it counts as incomplete: a sealed segment takes a second when online. */
export const arrivalGraceMs = 10_000;

/** Everything the store knows about one recording. */
export interface RecordingFacts {
  session: SessionRow;
  segments: Pick<Selectable<SegmentTable>, 'session_id' | 'stream' | 'seq' | 'sha256' | 'bytes' | 'stored_at'>[];
  manifest: {
    ended: boolean;
    end_reason: string | null;
    started_at: Date | null;
    ended_at: Date | null;
    anchors: number;
  } | null;
  journal: Selectable<JournalTable> | null;
  wire: Pick<Selectable<WireTable>, 'head' | 'released_at'> | null;
  /** What is held of its journal, as long as it is not stored whole; null where no frame is. */
  tail: { updated_at: Date } | null;
  /** Who ordered its end, if anyone did. */
  orderedBy: string | null;
}

type Standing = Pick<RecordingView, 'state' | 'because'>;

/**
 * True when nothing can have been opened: the launcher says so, and the broker never gave the one signature without which no target lets anybody
 * in. Then there is no record to wait for. Of logins by password the broker's part is another, so they are waited for all the same.
 */
export function neverLoggedIn({ session }: Pick<RecordingFacts, 'session'>): boolean {
  const kind = session.end_reason?.kind;
  return (
    session.ended_by === 'launcher' &&
    (kind === 'connect-failed' || kind === 'recorder-failed') &&
    session.opened_at === null &&
    session.login_signed_at === null &&
    grantOf(session).credential.kind === 'certificate'
  );
}

/** What came of a recording that is not whole, in words. Anchors are not what anyone looks for. */
function arrivedOf({ segments, tail }: Pick<RecordingFacts, 'segments' | 'tail'>): string {
  const count = segments.filter((row) => row.stream !== 'anchor').length;
  const parts = [
    ...(count === 0 ? [] : [`${count} segment${count === 1 ? '' : 's'}`]),
    ...(tail === null ? [] : [`its journal up to ${tail.updated_at.toISOString().slice(11, 19)} UTC`]),
  ];
  if (parts.length === 0) return 'nothing of it was stored';
  return `only ${parts.join(' and ')} ${parts.length === 1 && count < 2 ? 'was' : 'were'} stored`;
}

/**
 * The state of a recording. Pure: `now` decides when silence after an end becomes "incomplete". A late launcher may still make it complete.
 */
export function standingOf(facts: RecordingFacts, now: Date): Standing {
  const { session, segments, manifest, journal } = facts;
  if (manifest?.ended === true) return { state: 'complete', because: null };
  if (journal !== null) return { state: 'incomplete', because: journal.because };
  if (session.ended_at === null) return { state: segments.length === 0 ? 'started' : 'receiving', because: null };
  if (session.ended_by === 'launcher' && now.getTime() - session.ended_at.getTime() < arrivalGraceMs) {
    return { state: 'receiving', because: null };
  }
  if (segments.length === 0 && neverLoggedIn(facts)) {
    return {
      state: 'incomplete',
      because: 'nobody was logged in, so nothing was opened and there is nothing to record',
    };
  }
  const device = grantOf(session).device.name;
  const arrived = arrivedOf(facts);
  return {
    state: 'incomplete',
    because:
      session.ended_by === 'server'
        ? `the server lost contact with ${device} during the session, and ${arrived}; the rest is expected when the device returns`
        : `the session ended, but ${arrived}; the rest has not come from ${device} yet`,
  };
}

/**
 * Why it ended, in words. The manifest is the launcher's account; whether there was a kill is not for it to say: the order does, in either
 * direction.
 */
function endReasonOf({ session, manifest, orderedBy }: RecordingFacts): string | null {
  const stored = session.end_reason === null ? null : endReasonText(session.end_reason);
  const said = manifest?.end_reason ?? null;
  if (said === null) return stored;
  const saysKilled = said.startsWith('killed by ');
  return saysKilled === (orderedBy !== null) ? said : stored;
}

/** A wire that was released proves nothing to whoever looks now. */
function isKept(wire: RecordingFacts['wire']): boolean {
  return wire !== null && wire.released_at === null && wire.head.toTarget.bytes + wire.head.fromTarget.bytes > 0;
}

function wireView(wire: RecordingFacts['wire']): RecordingView['wire'] {
  if (wire === null) return null;
  const { toTarget, fromTarget, closed } = wire.head;
  return {
    bytesToTarget: toTarget.bytes,
    bytesFromTarget: fromTarget.bytes,
    open: !closed,
    releasedAt: wire.released_at?.toISOString() ?? null,
  };
}

export function toRecordingView(
  facts: RecordingFacts,
  now: Date,
  mayUnlock: KeyedStream[],
  review: ReviewState,
): RecordingView {
  const { session, segments, manifest, journal, wire } = facts;
  const grant = grantOf(session);
  // What was signed and what a replay shows, when there is that: an end that was told late is the server's guess.
  const started = manifest?.started_at ?? session.opened_at ?? session.granted_at;
  const ended = manifest?.ended_at ?? session.ended_at;
  return {
    sessionId: session.id,
    user: grant.user,
    device: grant.device,
    target: {
      id: grant.target.id,
      name: grant.target.name,
      address: `${grant.target.host}:${grant.target.port}`,
      production: grant.target.production,
    },
    login: session.login,
    credential: loginKindOf(grant.credential),
    route: session.route,
    reason: grant.reason,
    startedAt: started.toISOString(),
    endedAt: ended?.toISOString() ?? null,
    durationMs: ended === null ? null : Math.max(0, ended.getTime() - started.getTime()),
    ...standingOf(facts, now),
    endReason: endReasonOf(facts),
    killedBy: facts.orderedBy,
    evidence: evidenceLevelOf({ anchors: (manifest?.anchors ?? 0) > 0, wire: isKept(wire) }),
    wire: wireView(wire),
    segments: segments.map((row) => ({
      stream: row.stream,
      seq: row.seq,
      bytes: row.bytes,
      sha256: row.sha256,
      storedAt: row.stored_at.toISOString(),
    })),
    bytes: segments.reduce((sum, row) => sum + row.bytes, 0) + (journal?.bytes ?? 0),
    journal: journal === null ? null : { bytes: journal.bytes, storedAt: journal.stored_at.toISOString() },
    mayUnlock,
    review,
  };
}
