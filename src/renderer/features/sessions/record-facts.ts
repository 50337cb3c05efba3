import type { Connection, SessionView } from '../../../shared/protocol/ipc.ts';
import { ago, bytes, clock, length } from '../../services/format.ts';
import { noContact } from './words.ts';

/**
 * What is known about the record at this moment, in words: one thing, never sizes of two kinds beside each other (what is written counts events, what is
 * stored counts sealed bytes, and the journal reaches the server long before its first sealed part). `port`: fresher than main about what is on this
 * disk. `stoppedAtMs`: since when nothing of it is recorded; null while it is. Pure.
 */
export function recordFacts(
  view: SessionView,
  port: { writtenBytes: number; syncedAtMs: number } | null,
  about: { now: number; connection: Connection['state']; stoppedAtMs: number | null },
): string {
  const { record } = view;
  const written = Math.max(record.writtenBytes, port?.writtenBytes ?? 0);
  const synced = Math.max(record.syncedAtMs ?? 0, port?.syncedAtMs ?? 0);
  if (view.state.state === 'ended') {
    const lasted =
      view.openedAtMs !== null && view.endedAtMs !== null ? `Lasted ${length(view.endedAtMs - view.openedAtMs)}` : '';
    const end = record.complete
      ? `${bytes(record.storedBytes)}, signed end, all of it stored`
      : written > 0
        ? 'Kept here until all of it is stored'
        : '';
    return [lasted, end].filter(Boolean).join(' · ');
  }
  if (written === 0) return '';
  const upTo =
    about.stoppedAtMs !== null
      ? ` up to ${clock(about.stoppedAtMs)}`
      : synced > 0
        ? `, last written ${ago(about.now - synced)}`
        : '';
  const away = about.connection !== 'online' || noContact(view, about.connection, about.now);
  return `Kept here${upTo}; ${away ? 'goes to the server when there is contact again' : 'sent to the server as it grows'}`;
}
