import { assertNever, type Problem } from '../../../shared/errors/result.ts';
import type { EndReason } from '../../../shared/model/session.ts';
import type { Connection, SessionView } from '../../../shared/protocol/ipc.ts';
import { leaseGraceMs } from '../../../shared/protocol/signed.ts';
import type { Tone } from '../../components/tone.ts';
import { clock, span } from '../../services/format.ts';
import { loginWords } from '../../services/login-words.ts';

/** The state of a session as it is said: the state language of the look, plus the quiet ends. */
export type StateName =
  | 'waiting'
  | 'connecting'
  | 'recording'
  | 'no-contact'
  | 'lease-low'
  | 'frozen'
  | 'closing'
  | 'unrecorded'
  | 'strict'
  | 'killed'
  | 'broken'
  | 'refused'
  | 'ended';

export interface StateWords {
  name: StateName;
  tone: Tone;
  /** For the foot: "Recording". */
  word: string;
  /** For the tab: the time left, or the state where that matters more. */
  tab: string;
}

/** Of a tab that waits since the launcher ended. */
export const waitingWords: StateWords = { name: 'waiting', tone: 'quiet', word: 'Not connected', tab: 'Not connected' };

/** The time that is left, rounded up, so that it never says less than there is: "4 min left", "50 s left". */
export function timeLeft(leftMs: number): string {
  const left = Math.max(0, leftMs);
  return `${left <= 60_000 ? `${Math.ceil(left / 1000)} s` : left < lowMs ? `${Math.ceil(left / 60_000)} min` : span(left)} left`;
}

/** The same in a sentence: "4 minutes left", "1 minute left", "50 seconds left". */
export function timeLeftInFull(leftMs: number): string {
  const left = Math.max(0, leftMs);
  const seconds = left <= 60_000;
  const count = Math.ceil(left / (seconds ? 1000 : 60_000));
  return `${count} ${seconds ? 'second' : 'minute'}${count === 1 ? '' : 's'} left`;
}

/** From here on the time that is left is said instead of the state. */
export const lowMs = 5 * 60_000;

function ended(reason: EndReason, at: number): StateWords {
  switch (reason.kind) {
    case 'killed':
      return { name: 'killed', tone: 'ended', word: 'Killed', tab: `Killed ${clock(at)}` };
    case 'recorder-failed':
      return { name: 'strict', tone: 'strict', word: 'Strict stop', tab: 'Strict stop' };
    case 'host-key-mismatch':
      return { name: 'refused', tone: 'strict', word: 'Stopped before login', tab: 'Host key' };
    case 'auth-failed':
      return { name: 'refused', tone: 'strict', word: 'Login refused', tab: 'Refused' };
    case 'connect-failed':
      return { name: 'broken', tone: 'press', word: 'Not connected', tab: 'Not connected' };
    case 'process-crashed':
      return { name: 'broken', tone: 'press', word: 'Session process stopped', tab: 'Stopped' };
    case 'lease-expired':
      return { name: 'broken', tone: 'press', word: 'Ended without contact', tab: `Ended ${clock(at)}` };
    case 'disconnected':
      return reason.by === 'network'
        ? { name: 'broken', tone: 'press', word: 'Connection broke', tab: `Broke ${clock(at)}` }
        : { name: 'ended', tone: 'quiet', word: 'Ended', tab: `Ended ${clock(at)}` };
    case 'exit':
    case 'idle':
    case 'time-limit':
      return { name: 'ended', tone: 'quiet', word: 'Ended', tab: `Ended ${clock(at)}` };
    default:
      return assertNever(reason);
  }
}

/** With contact a lease is renewed when seven of its ten seconds are left, or a little later. */
const leaseLateMs = 5000;

/** True while a running session hears nothing from the server and will freeze and end of it. Pure. */
export function noContact(view: SessionView, connection: Connection['state'], now: number): boolean {
  if (view.state.state !== 'open') return false;
  return connection !== 'online' || (view.leaseUntilMs !== null && view.leaseUntilMs - now < leaseLateMs);
}

/** What comes of lost contact, and when. Pure. */
export function noContactWords(view: SessionView, now: number): { title: string; text: string } {
  const text = 'If contact is back before that, the session goes on and nothing is lost. SP-4002';
  if (view.leaseUntilMs === null) return { title: 'No contact: without it this session ends within 15 s', text };
  const input = Math.ceil((view.leaseUntilMs - now) / 1000);
  const end = Math.max(0, Math.ceil((view.leaseUntilMs + leaseGraceMs - now) / 1000));
  return {
    title: `No contact: input stops ${input > 0 ? `in ${input} s` : 'now'}, the session ends in ${end} s`,
    text,
  };
}

/** How the state of a session is said whose record could not go on. By policy it goes on itself; that nothing of it is recorded matters more than anything but its end. */
function unrecorded(stoppedAtMs: number): StateWords {
  return { name: 'unrecorded', tone: 'strict', word: `Not recorded since ${clock(stoppedAtMs)}`, tab: 'Not recorded' };
}

/** How a session's state is said now. `stoppedAtMs`: since when it is not recorded any more; null while it is. Pure. */
export function stateWords(
  view: SessionView,
  connection: Connection['state'],
  now: number,
  stoppedAtMs: number | null = null,
): StateWords {
  const { state } = view;
  if (stoppedAtMs !== null && (state.state === 'open' || state.state === 'frozen' || state.state === 'closing'))
    return unrecorded(stoppedAtMs);
  const left = view.endsAtMs === null ? null : view.endsAtMs - now;
  switch (state.state) {
    case 'requested':
    case 'authorised':
    case 'connecting':
      return { name: 'connecting', tone: 'quiet', word: 'Connecting', tab: 'Connecting' };
    case 'frozen': {
      const until = state.endsAtMs === null ? '' : ` ${span(Math.max(0, state.endsAtMs - now))}`;
      return { name: 'frozen', tone: 'held', word: 'Frozen', tab: `Frozen${until}` };
    }
    case 'closing':
      return { name: 'closing', tone: 'quiet', word: 'Closing', tab: 'Closing' };
    case 'ended':
      return ended(state.reason, view.endedAtMs ?? now);
    case 'open':
      if (noContact(view, connection, now)) {
        return { name: 'no-contact', tone: 'press', word: 'Recording, no contact', tab: 'No contact' };
      }
      if (left !== null && left < lowMs) {
        return { name: 'lease-low', tone: 'press', word: 'Recording', tab: timeLeft(left) };
      }
      return { name: 'recording', tone: 'accent', word: 'Recording', tab: left === null ? '' : timeLeft(left) };
    default:
      return assertNever(state);
  }
}

export interface EndWords {
  title: string;
  text: string;
  tone: Tone;
  icon: 'strict' | 'broken' | 'ended' | 'hourglass';
  problem: Problem | null;
}

function exitText(status: number | null, signal: string | null): string {
  if (signal !== null) return `The shell was ended by signal ${signal}.`;
  return status === null ? 'The shell ended.' : `The shell exited with status ${status}.`;
}

/** A lock holds until someone lifts it, and another host key until its owner has said why: with those, trying again is not the way out. */
export function mayTryAgain(view: SessionView): boolean {
  const code = endWords(view)?.problem?.code;
  return code !== 'SP-2003' && code !== 'SP-2031';
}

/** What stands above the screen of a session that goes on unrecorded. Pure. */
export function stoppedWords(stopped: { problem: Problem; atMs: number }): { title: string; text: string } {
  return {
    title: `Not recorded any more since ${clock(stopped.atMs)}. By policy the session goes on.`,
    text: `Nothing that you type or see from here on is kept. ${stopped.problem.message} ${stopped.problem.code}`,
  };
}

/**
 * Title and line of an ended session's banner; null for a kill, which has its own. `stoppedAtMs`: since when nothing of it was recorded; null where all of it
 * was. Pure.
 */
export function endWords(view: SessionView, stoppedAtMs: number | null = null): EndWords | null {
  if (view.state.state !== 'ended') return null;
  const { reason } = view.state;
  const at = clock(view.endedAtMs ?? 0, true);
  const record =
    stoppedAtMs === null
      ? 'All that was shown is recorded.'
      : `Nothing was recorded from ${clock(stoppedAtMs, true)} on.`;
  const quiet = { tone: 'quiet', icon: 'ended', problem: null } as const;
  switch (reason.kind) {
    case 'killed':
      return null;
    case 'exit':
      return { ...quiet, title: `Ended at ${at}`, text: `${exitText(reason.status, reason.signal)} ${record}` };
    case 'disconnected':
      switch (reason.by) {
        case 'person':
          return { ...quiet, title: `You disconnected at ${at}`, text: record };
        case 'quit':
          return { ...quiet, title: `Ended at ${at}`, text: `Sallyport was asked to quit. ${record}` };
        case 'revoked':
          return {
            tone: 'press',
            icon: 'broken',
            problem: null,
            title: `Ended at ${at}: this device lost its access`,
            text: `${record} SP-1005`,
          };
        case 'target':
          return { ...quiet, title: `${view.targetName} closed the connection at ${at}`, text: record };
        case 'network':
          return {
            tone: 'press',
            icon: 'broken',
            problem: null,
            title: `The connection broke at ${at}`,
            text: stoppedAtMs === null ? 'The record is complete up to here.' : record,
          };
        default:
          return assertNever(reason);
      }
    case 'lease-expired':
      return {
        tone: 'press',
        icon: 'broken',
        problem: null,
        title: `Ended at ${at}: no contact with the server`,
        text: `Without contact a session may not go on. ${record} SP-4002`,
      };
    case 'idle':
      return { ...quiet, icon: 'hourglass', title: `Ended at ${at}: nothing was typed`, text: `${record} SP-4004` };
    case 'time-limit':
      return { ...quiet, icon: 'hourglass', title: `Ended at ${at}: the time was up`, text: `${record} SP-4003` };
    case 'recorder-failed':
      return {
        tone: 'strict',
        icon: 'strict',
        problem: reason.problem,
        title:
          view.openedAtMs === null
            ? `Cannot connect to ${view.targetName}: it could not be recorded`
            : 'Stopped: the record could not be written',
        text: `The session ended at ${at}. ${reason.problem.message}`,
      };
    case 'host-key-mismatch':
    case 'auth-failed':
      return {
        tone: 'strict',
        icon: 'strict',
        problem: reason.problem,
        title: `Cannot connect to ${view.targetName}`,
        text: reason.problem.message,
      };
    case 'connect-failed':
      return {
        tone: 'press',
        icon: 'broken',
        problem: reason.problem,
        title:
          view.openedAtMs === null
            ? `Cannot connect to ${view.targetName}`
            : `Cut off from ${view.targetName} at ${at}`,
        text: reason.problem.message,
      };
    case 'process-crashed':
      return {
        tone: 'press',
        icon: 'broken',
        problem: reason.problem,
        title: `The session process stopped at ${at}`,
        text: reason.problem.message,
      };
    default:
      return assertNever(reason);
  }
}

/** True when the session ended before there was a screen to read. */
export function neverOpened(view: SessionView): boolean {
  return view.state.state === 'ended' && view.openedAtMs === null;
}

export interface Step {
  text: string;
  state: 'done' | 'now' | 'next';
}

/** What a connection does, in words, and how far it is. Pure. */
export function connectSteps(view: SessionView): Step[] {
  const route =
    view.route === 'relay' ? `Reaching ${view.address} through the relay` : `Reaching ${view.address} directly`;
  const texts = [
    'Asking the server for access',
    'Starting the recording',
    route,
    'Checking its host key',
    `Logging in as ${view.login}, ${loginWords[view.credential].step}`,
    'Opening a shell',
  ];
  const { state } = view;
  const places = { reaching: 2, 'host-key': 3, login: 4, shell: 5 } as const;
  const at =
    state.state === 'requested'
      ? 0
      : state.state === 'authorised'
        ? 1
        : state.state === 'connecting'
          ? places[state.step]
          : texts.length;
  return texts.map((text, index) => ({ text, state: index < at ? 'done' : index === at ? 'now' : 'next' }));
}
