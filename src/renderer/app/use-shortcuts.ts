import { useEffect } from 'react';
import { assertNever } from '../../shared/errors/result.ts';
import { neverOpened } from '../features/sessions/words.ts';
import type { ViewName } from '../services/navigation.ts';
import { type Services, useServices } from '../services/services.tsx';
import { activeSession } from '../services/session-ui.ts';
import { testIds } from '../test-ids.ts';
import { type Shortcut, shortcutOf } from './shortcuts.ts';

function changeFont(services: Services, by: 1 | -1 | 0): void {
  const { fontSize } = services.settings.settings.get();
  services.settings.change({ fontSize: by === 0 ? 13 : Math.min(32, Math.max(9, fontSize + by)) });
}

function focusTabs(): void {
  document.querySelector<HTMLElement>(`[data-testid="${testIds.sessionTab}"][aria-selected="true"]`)?.focus();
}

/** What needs a session in front. Returns false when there is none. */
function doInSession(services: Services, shortcut: Shortcut): boolean {
  const { sessions, sessionUi, navigation, recordings } = services;
  if (navigation.place.get().view !== 'sessions') return false;
  const active = activeSession(sessions);
  const nothingShown = active !== null && neverOpened(active.view);
  switch (shortcut.do) {
    case 'find':
      if (!nothingShown) sessionUi.openFind();
      return true;
    case 'copy':
      sessionUi.copy();
      return true;
    case 'paste':
      sessionUi.paste();
      return true;
    case 'disconnect':
      if (active !== null && active.view.state.state !== 'ended') sessions.disconnect(active.view.id);
      return true;
    case 'reconnect':
      if (active !== null) void sessionUi.reconnect(active.tab);
      return true;
    case 'close-tab':
      if (active !== null) sessionUi.closeTab(active.tab);
      return true;
    case 'replay':
      if (active?.view.sessionId != null && !nothingShown) {
        void recordings.load();
        navigation.openReplay(active.view.sessionId, 'Replay of my own session');
      }
      return true;
    case 'focus-tabs':
      focusTabs();
      return true;
    default:
      return false;
  }
}

function doAnywhere(services: Services, shortcut: Shortcut, views: readonly ViewName[]): boolean {
  const { sessions, navigation, settings } = services;
  const showSession = (move: () => void) => {
    if (sessions.tabs.get().tabs.length === 0) return;
    move();
    navigation.go('sessions');
  };
  switch (shortcut.do) {
    case 'next-tab':
      showSession(() => sessions.step(1));
      return true;
    case 'previous-tab':
      showSession(() => sessions.step(-1));
      return true;
    case 'tab':
      showSession(() => sessions.showIndex(shortcut.index));
      return true;
    case 'view': {
      const view = views[shortcut.index];
      if (view !== undefined) navigation.go(view);
      return true;
    }
    case 'new-session':
      navigation.newSession();
      return true;
    case 'font':
      changeFont(services, shortcut.by);
      return true;
    case 'theme':
      settings.change({ theme: settings.scheme.get() === 'dark' ? 'light' : 'dark' });
      return true;
    case 'settings':
      navigation.openSettings(null);
      return true;
    case 'side-panel':
      navigation.setSheet(!navigation.place.get().sheet);
      return true;
    case 'keys':
      navigation.setDialog('keys');
      return true;
    case 'find':
    case 'copy':
    case 'paste':
    case 'disconnect':
    case 'reconnect':
    case 'close-tab':
    case 'replay':
    case 'focus-tabs':
      return false;
    default:
      return assertNever(shortcut);
  }
}

/** The application's keys, heard before anything else in the window. */
export function useShortcuts(views: readonly ViewName[]): void {
  const services = useServices();
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const terminal = document.activeElement?.closest('.xterm') != null;
      const inSessions = services.navigation.place.get().view === 'sessions';
      const ended = inSessions && activeSession(services.sessions)?.view.state.state === 'ended';
      const shortcut = shortcutOf(event, { terminal, ended });
      if (shortcut === null) return;
      if (doInSession(services, shortcut) || doAnywhere(services, shortcut, views)) {
        event.preventDefault();
        event.stopPropagation();
      }
    };
    window.addEventListener('keydown', onKey, true);
    return () => window.removeEventListener('keydown', onKey, true);
  }, [services, views]);
}
