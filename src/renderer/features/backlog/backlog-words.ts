import type { AppState, LocalRecording } from '../../../shared/protocol/ipc.ts';
import { bytes, counted } from '../../services/format.ts';

/** How the state of a recording on this device is said, and why it is so. Pure. */
export function stateOf(
  item: LocalRecording,
  offline: boolean,
): { word: string; why: string; tone: 'quiet' | 'press' | 'strict' | 'accent' } {
  const why = item.problem === null ? '' : `${item.problem.message} ${item.problem.code}`;
  switch (item.state) {
    case 'running':
      return { word: 'Recording now', why: 'It is sent while it is made.', tone: 'accent' };
    case 'sending':
      return { word: 'Sending', why, tone: 'press' };
    case 'waiting':
      return {
        word: 'Waiting',
        why: why !== '' ? why : offline ? 'There is no contact with the server.' : 'It is next after those above.',
        tone: 'press',
      };
    case 'stuck':
      return { word: 'Stuck', why, tone: 'strict' };
  }
}

/** The state of the whole: what is to be sent, and whether that goes on by itself. Pure. */
export function backlogWords(state: AppState, local: readonly LocalRecording[]): { title: string; text: string } {
  const waiting = local.filter((item) => item.state !== 'running');
  const running = local.length - waiting.length;
  if (waiting.length === 0) {
    return {
      title: 'All recordings sent',
      text:
        running === 0
          ? 'The store has confirmed every one. Nothing of them is only on this device.'
          : `${counted(running, 'recording')} ${running === 1 ? 'is' : 'are'} being made, and sent while that goes on.`,
    };
  }
  const size = waiting.reduce((sum, item) => sum + item.bytes, 0);
  const how =
    state.connection.state === 'offline'
      ? 'They are sent as soon as there is contact with the server.'
      : waiting.some((item) => item.state === 'stuck')
        ? 'What is stuck says why. The others go by themselves.'
        : 'They go by themselves; nothing needs to be done.';
  return { title: `${counted(waiting.length, 'recording')}, ${bytes(size)} to send`, text: how };
}

/** What this device holds of its room for recordings: "13 MB of 4.1 GB". Pure. */
export function spoolWords(local: readonly LocalRecording[], quotaBytes: number | null): string {
  const size = local.reduce((sum, item) => sum + item.bytes, 0);
  return quotaBytes === null ? bytes(size) : `${bytes(size)} of ${bytes(quotaBytes)}`;
}
