import type { Problem } from '../../shared/errors/result.ts';
import type { SessionView } from '../../shared/protocol/ipc.ts';
import { SessionTerminal } from '../terminal/session-terminal.ts';
import type { TerminalScreen } from '../terminal/terminal-screen.ts';
import type { TypedBridge } from './bridge.ts';
import type { Layout } from './layout/layout.ts';
import type { Remembered } from './layout/layout-memory.ts';
import { showTab } from './layout/layout-moves.ts';
import type { Ports } from './ports.ts';
import { makeStore, type Readable } from './store.ts';
import {
  dropWaiting,
  followSessions,
  noTabs,
  type Opens,
  placeSession,
  restoreTabs,
  stepTab,
  type Tab,
  type Tabs,
  withLayout,
} from './tabs.ts';

export interface ConnectAsk {
  targetId: string;
  login: string;
  reason: string | null;
  ticket: string | null;
}

export interface SessionsService {
  readonly sessions: Readable<ReadonlyMap<string, SessionView>>;
  readonly tabs: Readable<Tabs>;
  /** Sessions whose record could not go on, by id: they run, and nothing of them is recorded any more. */
  readonly unrecorded: Readable<ReadonlySet<string>>;
  load(): Promise<void>;
  /** Opens a session, in a tab at the end or where `opens` says. Null when its tab is there, else why not. */
  connect(ask: ConnectAsk, opens?: Opens): Promise<Problem | null>;
  /** The session's screen; made when first asked for. */
  terminal(id: string): SessionTerminal;
  /** Every screen there is, for changes that concern all of them. */
  terminals(): SessionTerminal[];
  disconnect(id: string): void;
  /** Forgets an ended session's tab and what ended there before, or a tab that waits. */
  close(tab: Tab): void;
  /** Changes where tabs are. */
  arrange(change: (layout: Layout) => Layout): void;
  /** Brings back what was remembered; sessions that main has take their places in it. */
  restore(remembered: Remembered): void;
  show(key: string): void;
  showIndex(index: number): void;
  step(by: 1 | -1): void;
}

export interface SessionsParts {
  bridge: TypedBridge;
  ports: Ports;
  makeScreen: () => TerminalScreen;
  /** The size in cells that a new session should ask for. */
  expectedSize: () => { cols: number; rows: number };
}

/** A pane that is split has about half the cells. */
function sizeFor(opens: Opens, whole: { cols: number; rows: number }): { cols: number; rows: number } {
  if (opens === null || !('spot' in opens) || !('beside' in opens.spot)) return whole;
  const across = opens.spot.side === 'left' || opens.spot.side === 'right';
  return across
    ? { ...whole, cols: Math.max(20, Math.floor(whole.cols / 2) - 1) }
    : { ...whole, rows: Math.max(5, Math.floor(whole.rows / 2) - 4) };
}

/** Sessions, their tabs and their screens. */
export function makeSessionsService(parts: SessionsParts): SessionsService {
  const sessions = makeStore<ReadonlyMap<string, SessionView>>(new Map());
  const tabs = makeStore<Tabs>(noTabs);
  const unrecorded = makeStore<ReadonlySet<string>>(new Set());
  const terminals = new Map<string, SessionTerminal>();
  /** Asked-for sizes of sessions whose terminal is not made yet. */
  const asked = new Map<string, { cols: number; rows: number }>();

  const terminal = (id: string) => {
    const there = terminals.get(id);
    if (there !== undefined) return there;
    const made = new SessionTerminal(parts.makeScreen(), asked.get(id) ?? null);
    asked.delete(id);
    terminals.set(id, made);
    made.facts.subscribe(() => {
      if (made.facts.get().stopped !== null && !unrecorded.get().has(id))
        unrecorded.set(new Set([...unrecorded.get(), id]));
    });
    void parts.bridge.request('sessions.attach', { id }).then(async (answer) => {
      if (answer.ok) made.connect(await parts.ports.take('session', id));
    });
    return made;
  };

  const take = (list: readonly SessionView[]) => {
    sessions.set(new Map(list.map((session) => [session.id, session])));
    tabs.update((now) => followSessions(now, list));
    for (const [id, made] of terminals) {
      const view = sessions.get().get(id);
      if (view === undefined) {
        terminals.delete(id);
        parts.ports.forget('session', id);
        made.dispose();
      } else if (view.state.state !== 'open') {
        made.screen.setInputAllowed(false);
      }
    }
  };

  const show = (key: string) => tabs.update((now) => withLayout(now, showTab(now.layout, key)));

  parts.bridge.on('sessions.changed', (event) => take(event.sessions));

  return {
    sessions,
    unrecorded,
    tabs,
    terminal,
    terminals: () => [...terminals.values()],
    async load() {
      const answer = await parts.bridge.request('sessions.list', {});
      if (answer.ok) take(answer.value.sessions);
    },
    async connect(ask, opens = null) {
      const size = sizeFor(opens, parts.expectedSize());
      const answer = await parts.bridge.request('sessions.connect', { ...ask, ...size });
      if (!answer.ok) return answer.error;
      const { id } = answer.value;
      if (!terminals.has(id)) asked.set(id, size);
      // The event with the new session may still be on its way; its tab waits for it.
      if (!sessions.get().has(id)) {
        const list = await parts.bridge.request('sessions.list', {});
        if (list.ok) take(list.value.sessions);
      }
      if (sessions.get().has(id)) tabs.update((now) => placeSession(now, id, opens));
      return null;
    },
    disconnect(id) {
      // Both ways: the port is the short one, main's is the one that a stuck session process cannot ignore.
      terminals.get(id)?.disconnect();
      void parts.bridge.request('sessions.disconnect', { id });
    },
    close(tab) {
      if (tab.waiting !== null) tabs.update((now) => dropWaiting(now, tab.key));
      else for (const id of [tab.sessionId, ...tab.earlier]) void parts.bridge.request('sessions.close', { id });
    },
    arrange: (change) => tabs.update((now) => withLayout(now, change(now.layout))),
    restore: (remembered) => tabs.set(restoreTabs(remembered, [...sessions.get().values()])),
    show,
    showIndex: (index) => show(tabs.get().tabs[index]?.key ?? ''),
    step: (by) => tabs.update((now) => stepTab(now, by)),
  };
}
