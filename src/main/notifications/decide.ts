import type { EndReason } from '../../shared/model/session.ts';
import type { SessionView, Settings } from '../../shared/protocol/ipc.ts';

/** A notification of the desktop. It can be read over a shoulder and stays in the desktop's history: never a command, a kill's reason or anything typed. */
export interface Notice {
  kind: 'killed' | 'frozen' | 'ended' | 'time-low';
  /** The launcher's id of the session. */
  session: string;
  title: string;
  body: string;
}

/** What was last seen of each session, by its id. */
export type Seen = ReadonlyMap<string, { state: SessionView['state']['state']; low: boolean }>;

/** The time that is left when it is said, as in the window. */
export const timeLowMs = 5 * 60_000;

/**
 * What a change of the sessions is worth saying, and what to compare with next. A session that is seen for the first time says nothing, and nothing is
 * said twice: not after the person has seen it in the window (`inFront`) either. Pure.
 */
export function decideNotices(options: {
  seen: Seen;
  sessions: readonly SessionView[];
  nowMs: number;
  notify: Settings['notify'];
  inFront: boolean;
}): { notices: Notice[]; seen: Seen } {
  const next = new Map<string, { state: SessionView['state']['state']; low: boolean }>();
  const notices: Notice[] = [];
  for (const view of options.sessions) {
    const before = options.seen.get(view.id);
    const low = before?.low === true || isLow(view, options.nowMs);
    next.set(view.id, { state: view.state.state, low });
    if (before === undefined) continue;
    const notice = stateNotice(before.state, view) ?? (low && !before.low ? lowNotice(view, options.nowMs) : null);
    if (notice !== null && !options.inFront && isWanted(notice.kind, options.notify)) notices.push(notice);
  }
  return { notices, seen: next };
}

function isWanted(kind: Notice['kind'], notify: Settings['notify']): boolean {
  return kind === 'time-low' ? notify.timeLow : notify[kind];
}

function isLow(view: SessionView, nowMs: number): boolean {
  const running = view.state.state === 'open' || view.state.state === 'frozen';
  return running && view.endsAtMs !== null && view.endsAtMs - nowMs <= timeLowMs;
}

function stateNotice(before: SessionView['state']['state'], view: SessionView): Notice | null {
  const { state } = view;
  const name = plain(view.targetName);
  if (state.state === 'frozen' && before !== 'frozen') {
    const why = state.why === 'lease' ? 'No contact with the server. ' : '';
    return { kind: 'frozen', session: view.id, title: `${name} is frozen`, body: `${why}Nothing you type is sent.` };
  }
  if (state.state !== 'ended' || before === 'ended') return null;
  if (state.reason.kind === 'killed') {
    const body = `By ${plain(state.reason.by)}, ${plain(state.reason.byRole)}. The screen stays readable.`;
    return { kind: 'killed', session: view.id, title: `${name} was killed`, body };
  }
  // A connect that fails is on the screen of whoever just pressed Enter.
  const why = view.openedAtMs === null ? null : endedBecause(state.reason);
  return why === null ? null : { kind: 'ended', session: view.id, title: `${name} ended`, body: why };
}

function lowNotice(view: SessionView, nowMs: number): Notice {
  const minutes = Math.max(1, Math.ceil(((view.endsAtMs ?? nowMs) - nowMs) / 60_000));
  const at = new Date(view.endsAtMs ?? nowMs).toTimeString().slice(0, 5);
  return {
    kind: 'time-low',
    session: view.id,
    title: `${minutes} ${minutes === 1 ? 'minute' : 'minutes'} left on ${plain(view.targetName)}`,
    body: `It ends at ${at} whatever is open.`,
  };
}

/** Why a session ended that nobody here ended; null where the person or the target did. */
function endedBecause(reason: EndReason): string | null {
  switch (reason.kind) {
    case 'disconnected':
      if (reason.by === 'network') return 'The connection broke.';
      return reason.by === 'revoked' ? 'This device lost its access.' : null;
    case 'lease-expired':
      return 'There was no contact with the server.';
    case 'recorder-failed':
      return `The record could not be written. ${reason.problem.code}`;
    case 'connect-failed':
    case 'host-key-mismatch':
    case 'auth-failed':
      return `It was cut off. ${reason.problem.code}`;
    case 'process-crashed':
      return `The session process stopped. ${reason.problem.code}`;
    case 'idle':
      return 'Nothing was typed for too long.';
    case 'time-limit':
      return 'The time was up.';
    case 'exit':
    case 'killed':
      return null;
  }
}

/** A name as one line of text: no control characters, and nothing that a desktop reads as markup (Desktop Notifications Specification, Markup). */
function plain(name: string): string {
  return name
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
    .replace(/[<>&]/g, ' ')
    .trim()
    .slice(0, 80);
}
