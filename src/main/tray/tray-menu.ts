import { assertNever } from '../../shared/errors/result.ts';
import type { Backlog, SessionView } from '../../shared/protocol/ipc.ts';
import { timeLowMs } from '../notifications/decide.ts';

/** One line of the tray's menu; `does` null: only to be read. */
export type TrayItem =
  | { line: 'rule' }
  | { line: 'text'; label: string; does: { what: 'open' | 'new' | 'quit' } | { what: 'show'; session: string } | null };

/** At most so many sessions have a line: menus of some desktops do not scroll. */
const sessionsShown = 20;

/** The menu of the icon beside the clock, and its tooltip. Times are whole minutes, so that it changes only when there is something new. Pure. */
export function trayMenu(options: { sessions: readonly SessionView[]; backlog: Backlog; nowMs: number }): {
  items: TrayItem[];
  tip: string;
} {
  const running = options.sessions.filter(({ state }) => state.state !== 'ended');
  const shown = running.slice(0, sessionsShown).map((view): TrayItem => {
    const label = `${oneLine(view.targetName)} as ${oneLine(view.login)}: ${stateWord(view, options.nowMs)}`;
    return { line: 'text', label, does: { what: 'show', session: view.id } };
  });
  const more = running.length - shown.length;
  const rule: TrayItem = { line: 'rule' };
  const items: TrayItem[] = [
    { line: 'text', label: 'Open Sallyport', does: { what: 'open' } },
    rule,
    ...(shown.length === 0 ? [text('No session is running')] : shown),
    ...(more > 0 ? [text(`and ${more} more`)] : []),
    { line: 'text', label: 'New session', does: { what: 'new' } },
    rule,
    text(backlogLine(options.backlog)),
    rule,
    { line: 'text', label: 'Quit', does: { what: 'quit' } },
  ];
  const count = running.length === 0 ? 'no session' : running.length === 1 ? '1 session' : `${running.length} sessions`;
  return { items, tip: `Sallyport: ${count}` };
}

function text(label: string): TrayItem {
  return { line: 'text', label, does: null };
}

function stateWord(view: SessionView, nowMs: number): string {
  switch (view.state.state) {
    case 'requested':
    case 'authorised':
    case 'connecting':
      return 'Connecting';
    case 'open': {
      const left = view.endsAtMs === null ? null : view.endsAtMs - nowMs;
      if (left === null || left > timeLowMs) return 'Recording';
      return `${Math.max(1, Math.ceil(left / 60_000))} min left`;
    }
    case 'frozen':
      return 'Frozen';
    case 'closing':
      return 'Closing';
    case 'ended':
      return 'Ended';
    default:
      return assertNever(view.state);
  }
}

/** "2 recordings, 2.1 MB to send". What runs is always a little behind; only whole megabytes are worth a new menu. */
function backlogLine({ recordings, bytes }: Backlog): string {
  if (recordings === 0) return 'Every recording is stored';
  const size = bytes < 1_000_000 ? 'under 1 MB' : `${Math.round(bytes / 1_000_000)} MB`;
  return `${recordings === 1 ? '1 recording' : `${recordings} recordings`}, ${size} to send`;
}

/** A label is one line, and its & is no mnemonic. */
function oneLine(name: string): string {
  return name
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
    .replaceAll('&', '&&')
    .trim()
    .slice(0, 60);
}
