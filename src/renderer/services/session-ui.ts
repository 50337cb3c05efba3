import type { Problem } from '../../shared/errors/result.ts';
import type { SessionView } from '../../shared/protocol/ipc.ts';
import type { AppService } from './app-service.ts';
import { mainWindow } from './layout/layout.ts';
import type { Navigation } from './navigation.ts';
import { asksBeforePaste, asOneLine, sanitisePaste } from './paste.ts';
import type { SessionsService } from './sessions-service.ts';
import type { SettingsService } from './settings-service.ts';
import { makeStore, type Readable } from './store.ts';
import type { Tab } from './tabs.ts';

export interface SessionUiState {
  /** The tab in whose pane something is searched for. */
  find: string | null;
  /** A paste that waits for an answer: as it came (`raw`), and as it would be pasted. */
  paste: { sessionId: string; raw: string; text: string } | null;
  /** A running tab that the person wants to close. */
  closing: Tab | null;
  /** What that came from: closing the tab, or disconnecting by key or menu. */
  closingBy: 'close' | 'disconnect';
  /** Tab keys whose earlier screen is shown. */
  earlierShown: ReadonlySet<string>;
  /** Why the last copy, paste or reconnect did not work. */
  problem: { title: string; problem: Problem } | null;
}

export interface SessionUi {
  readonly state: Readable<SessionUiState>;
  openFind(): void;
  closeFind(): void;
  /** Copies the selection of the open screen. */
  copy(): void;
  /** Copies this text. */
  copyText(text: string): void;
  /** Pastes the clipboard into the open session; many lines ask first. */
  paste(): void;
  /** The same for text that a native paste brought. */
  pasteText(text: string): void;
  answerPaste(answer: 'lines' | 'one-line' | 'cancel'): void;
  /** Closes an ended tab, asks for a running one. */
  closeTab(tab: Tab): void;
  /** Ends the tab's session; on a production target it asks first, for the keys are easily hit. */
  disconnect(tab: Tab): void;
  answerClose(answer: 'disconnect' | 'keep'): void;
  toggleEarlier(key: string): void;
  reconnect(tab: Tab): Promise<void>;
  /** Says why something did not work. */
  say(title: string, problem: Problem): void;
  dismissProblem(): void;
}

/** The tab in front; its session may be one that waits to be connected. */
export function activeTab(sessions: SessionsService): Tab | null {
  const { tabs, activeKey } = sessions.tabs.get();
  return tabs.find((tab) => tab.key === activeKey) ?? null;
}

/** True while keys mean the tab in front: Sessions is shown, or the person is in a detached window. */
export function tabsInFront(parts: { sessions: SessionsService; navigation: Navigation }): boolean {
  return parts.navigation.place.get().view === 'sessions' || parts.sessions.tabs.get().layout.front !== mainWindow;
}

/** The last session that ended in this tab and had a screen to read: one that never opened hides no other. */
export function earlierOf(sessions: Pick<SessionsService, 'sessions'>, tab: Tab): string | undefined {
  const views = sessions.sessions.get();
  return tab.earlier.find((id) => views.get(id)?.openedAtMs != null);
}

/**
 * The earlier session whose screen is shown in this tab: because the person asked for it, or because the one that followed failed before it had a screen.
 */
export function shownEarlier(
  sessions: Pick<SessionsService, 'sessions'>,
  tab: Tab,
  asked: ReadonlySet<string>,
): string | undefined {
  const view = sessions.sessions.get().get(tab.sessionId);
  const failed = view?.state.state === 'ended' && view.openedAtMs === null;
  return failed || asked.has(tab.key) ? earlierOf(sessions, tab) : undefined;
}

/** The session of the open tab. */
export function activeSession(sessions: SessionsService): { tab: Tab; view: SessionView } | null {
  const { tabs, activeKey } = sessions.tabs.get();
  const tab = tabs.find((candidate) => candidate.key === activeKey);
  const view = tab === undefined ? undefined : sessions.sessions.get().get(tab.sessionId);
  return tab === undefined || view === undefined ? null : { tab, view };
}

/** What the Sessions view can be asked to do, by keys and buttons alike. */
export function makeSessionUi(parts: {
  sessions: SessionsService;
  app: AppService;
  settings: SettingsService;
}): SessionUi {
  const { sessions, app, settings } = parts;
  const state = makeStore<SessionUiState>({
    find: null,
    paste: null,
    closing: null,
    closingBy: 'close',
    earlierShown: new Set(),
    problem: null,
  });
  const change = (part: Partial<SessionUiState>) => state.update((now) => ({ ...now, ...part }));
  const screenOf = (id: string) => sessions.terminal(id).screen;
  const shownId = () => {
    const active = activeSession(sessions);
    if (active === null) return null;
    const earlier = shownEarlier(sessions, active.tab, state.get().earlierShown);
    return earlier ?? active.view.id;
  };

  const hideEarlier = (key: string) => {
    const earlierShown = new Set(state.get().earlierShown);
    if (earlierShown.delete(key)) change({ earlierShown });
  };

  const pasteInto = (id: string | undefined, raw: string) => {
    const view = id === undefined ? undefined : sessions.sessions.get().get(id);
    const text = sanitisePaste(raw);
    if (view === undefined || view.state.state !== 'open' || text === '') return;
    const tab = sessions.tabs.get().tabs.find((each) => each.sessionId === view.id);
    if (tab !== undefined && shownEarlier(sessions, tab, state.get().earlierShown) !== undefined) {
      // Nothing goes into a shell that is not seen. It is shown; pasted again, the text goes there.
      hideEarlier(tab.key);
      return;
    }
    const asks = asksBeforePaste(raw, settings.settings.get().pasteGuard, view.production);
    if (asks) change({ paste: { sessionId: view.id, raw, text } });
    else screenOf(view.id).paste(text);
  };

  const copyText = (text: string) => {
    if (text === '') return;
    void app.copy(text).then((problem) => {
      if (problem !== null) change({ problem: { title: 'Nothing was copied', problem } });
    });
  };

  return {
    state,
    copyText,
    openFind: () => change({ find: sessions.tabs.get().activeKey }),
    closeFind: () => {
      const id = shownId();
      if (id !== null) {
        screenOf(id).clearFind();
        screenOf(id).focus();
      }
      change({ find: null });
    },
    copy() {
      const id = shownId();
      copyText(id === null ? '' : screenOf(id).selection());
    },
    paste() {
      // Where the keys went when it was asked for: another pane may be in front by the time that the clipboard answers.
      const id = activeSession(sessions)?.view.id;
      void app.readClipboard().then((answer) => {
        if ('problem' in answer) change({ problem: { title: 'Nothing was pasted', problem: answer.problem } });
        else pasteInto(id, answer.text);
      });
    },
    pasteText: (raw) => pasteInto(activeSession(sessions)?.view.id, raw),
    answerPaste(answer) {
      const { paste } = state.get();
      change({ paste: null });
      if (paste === null) return;
      const screen = screenOf(paste.sessionId);
      if (answer === 'lines') screen.paste(paste.text);
      if (answer === 'one-line') screen.paste(asOneLine(paste.text));
      screen.focus();
    },
    closeTab(tab) {
      if (tab.waiting !== null) {
        sessions.close(tab);
        return;
      }
      const view = sessions.sessions.get().get(tab.sessionId);
      if (view === undefined || view.state.state === 'ended') sessions.close(tab);
      else change({ closing: tab, closingBy: 'close' });
    },
    disconnect(tab) {
      const view = sessions.sessions.get().get(tab.sessionId);
      if (view === undefined || view.state.state === 'ended') return;
      if (view.production && view.openedAtMs !== null) change({ closing: tab, closingBy: 'disconnect' });
      else sessions.disconnect(view.id);
    },
    answerClose(answer) {
      const { closing, closingBy } = state.get();
      change({ closing: null });
      // Asked from the terminal, which has the keys again.
      if (closing !== null && answer === 'keep' && closingBy === 'disconnect') screenOf(closing.sessionId).focus();
      if (closing !== null && answer === 'disconnect') sessions.disconnect(closing.sessionId);
    },
    toggleEarlier: (key) =>
      state.update((now) => {
        const earlierShown = new Set(now.earlierShown);
        if (!earlierShown.delete(key)) earlierShown.add(key);
        return { ...now, earlierShown };
      }),
    async reconnect(tab) {
      const view = sessions.sessions.get().get(tab.sessionId);
      if (view === undefined || view.state.state !== 'ended') return;
      const ask = { targetId: view.targetId, login: view.login, reason: view.reason, ticket: view.ticket };
      hideEarlier(tab.key);
      const problem = await sessions.connect(ask, { replaces: tab.key });
      if (problem !== null) change({ problem: { title: `Cannot connect to ${view.targetName}`, problem } });
    },
    say: (title, problem) => change({ problem: { title, problem } }),
    dismissProblem: () => change({ problem: null }),
  };
}
