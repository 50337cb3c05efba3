import type { Problem } from '../../shared/errors/result.ts';
import type { SessionView } from '../../shared/protocol/ipc.ts';
import type { AppService } from './app-service.ts';
import { isMultiLine, sanitisePaste } from './paste.ts';
import type { SessionsService } from './sessions-service.ts';
import { makeStore, type Readable } from './store.ts';
import type { Tab } from './tabs.ts';

export interface SessionUiState {
  find: boolean;
  /** A paste of many lines that waits for an answer. */
  paste: { sessionId: string; text: string } | null;
  /** A running tab that the person wants to close. */
  closing: Tab | null;
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
  /** Pastes the clipboard into the open session; many lines ask first. */
  paste(): void;
  /** The same for text that a native paste brought. */
  pasteText(text: string): void;
  answerPaste(answer: 'lines' | 'one-line' | 'cancel'): void;
  /** Closes an ended tab, asks for a running one. */
  closeTab(tab: Tab): void;
  answerClose(answer: 'disconnect' | 'keep'): void;
  toggleEarlier(key: string): void;
  reconnect(tab: Tab): Promise<void>;
  dismissProblem(): void;
}

/** The session of the open tab. */
export function activeSession(sessions: SessionsService): { tab: Tab; view: SessionView } | null {
  const { tabs, activeKey } = sessions.tabs.get();
  const tab = tabs.find((candidate) => candidate.key === activeKey);
  const view = tab === undefined ? undefined : sessions.sessions.get().get(tab.sessionId);
  return tab === undefined || view === undefined ? null : { tab, view };
}

/** What the Sessions view can be asked to do, by keys and buttons alike. */
export function makeSessionUi(parts: { sessions: SessionsService; app: AppService }): SessionUi {
  const { sessions, app } = parts;
  const state = makeStore<SessionUiState>({
    find: false,
    paste: null,
    closing: null,
    earlierShown: new Set(),
    problem: null,
  });
  const change = (part: Partial<SessionUiState>) => state.update((now) => ({ ...now, ...part }));
  const screenOf = (id: string) => sessions.terminal(id).screen;
  const shownId = () => {
    const active = activeSession(sessions);
    if (active === null) return null;
    const earlier = state.get().earlierShown.has(active.tab.key) ? active.tab.earlier[0] : undefined;
    return earlier ?? active.view.id;
  };

  const pasteText = (raw: string) => {
    const active = activeSession(sessions);
    const text = sanitisePaste(raw);
    if (active === null || active.view.state.state !== 'open' || text === '') return;
    if (isMultiLine(text)) change({ paste: { sessionId: active.view.id, text } });
    else screenOf(active.view.id).paste(text);
  };

  return {
    state,
    openFind: () => change({ find: true }),
    closeFind: () => {
      const id = shownId();
      if (id !== null) {
        screenOf(id).clearFind();
        screenOf(id).focus();
      }
      change({ find: false });
    },
    copy() {
      const id = shownId();
      const text = id === null ? '' : screenOf(id).selection();
      if (text === '') return;
      void app.copy(text).then((problem) => {
        if (problem !== null) change({ problem: { title: 'Nothing was copied', problem } });
      });
    },
    paste() {
      void app.readClipboard().then((answer) => {
        if ('problem' in answer) change({ problem: { title: 'Nothing was pasted', problem: answer.problem } });
        else pasteText(answer.text);
      });
    },
    pasteText,
    answerPaste(answer) {
      const { paste } = state.get();
      change({ paste: null });
      if (paste === null) return;
      const screen = screenOf(paste.sessionId);
      if (answer === 'lines') screen.paste(paste.text);
      if (answer === 'one-line') screen.paste(paste.text.trim().replace(/\s*[\r\n]+\s*/g, ' '));
      screen.focus();
    },
    closeTab(tab) {
      const view = sessions.sessions.get().get(tab.sessionId);
      if (view === undefined || view.state.state === 'ended') sessions.close(tab);
      else change({ closing: tab });
    },
    answerClose(answer) {
      const { closing } = state.get();
      change({ closing: null });
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
      const problem = await sessions.connect(ask, tab.sessionId);
      if (problem !== null) change({ problem: { title: `Cannot connect to ${view.targetName}`, problem } });
    },
    dismissProblem: () => change({ problem: null }),
  };
}
