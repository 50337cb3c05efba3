import { neverOpened } from '../features/sessions/words.ts';
import type { Services } from '../services/services.tsx';
import { activeSession, activeTab, tabsInFront } from '../services/session-ui.ts';
import { testIds } from '../test-ids.ts';
import type { Command } from './command.ts';

function focusTabs(): void {
  document.querySelector<HTMLElement>(`[data-testid="${testIds.sessionTab}"][aria-selected="true"]`)?.focus();
}

/** Moves between tabs, from every view. */
function tabCommands({ sessions, navigation }: Services): Command[] {
  const count = () => sessions.tabs.get().tabs.length;
  const show = (move: () => void) => () => {
    move();
    navigation.go('sessions');
  };
  const each = { group: 'sessions', inTerminal: true } as const;
  return [
    {
      ...each,
      id: 'session.next',
      title: 'Next tab',
      keys: ['Ctrl Tab', 'Ctrl PageDown'],
      available: () => count() > 0,
      run: show(() => sessions.step(1)),
    },
    {
      ...each,
      id: 'session.previous',
      title: 'Previous tab',
      keys: ['Ctrl Shift Tab', 'Ctrl PageUp'],
      available: () => count() > 0,
      run: show(() => sessions.step(-1)),
    },
    ...Array.from(
      { length: 9 },
      (_, index): Command => ({
        ...each,
        id: `session.tab-${index + 1}`,
        title: `Tab ${index + 1}`,
        keys: [`Ctrl ${index + 1}`],
        available: () => count() > index,
        run: show(() => sessions.showIndex(index)),
      }),
    ),
  ];
}

/** What is done to the session in front. */
export function sessionCommands(services: Services): Command[] {
  const { sessions, sessionUi, navigation, recordings } = services;
  const front = () => (tabsInFront(services) ? activeSession(sessions) : null);
  const waiting = () => (tabsInFront(services) ? activeTab(sessions)?.waiting != null : false);
  const there = () => front() !== null;
  const ended = () => front()?.view.state.state === 'ended';
  const drawn = () => {
    const active = front();
    return active !== null && !neverOpened(active.view);
  };
  const each = { group: 'sessions', inTerminal: true } as const;
  return [
    ...tabCommands(services),
    {
      ...each,
      id: 'session.find',
      title: 'Find in the terminal',
      short: 'find',
      keys: ['Ctrl Shift F'],
      available: drawn,
      run: () => sessionUi.openFind(),
    },
    {
      ...each,
      id: 'session.copy',
      title: 'Copy',
      keys: ['Ctrl Shift C'],
      available: there,
      run: () => sessionUi.copy(),
    },
    {
      ...each,
      id: 'session.paste',
      title: 'Paste',
      keys: ['Ctrl Shift V'],
      available: there,
      run: () => sessionUi.paste(),
    },
    {
      ...each,
      id: 'session.disconnect',
      title: 'Disconnect',
      short: 'disconnect',
      keys: ['Ctrl Shift X'],
      available: () => there() && !ended(),
      run: () => {
        const active = front();
        if (active !== null) sessionUi.disconnect(active.tab);
      },
    },
    {
      ...each,
      id: 'session.focus-tabs',
      title: 'Leave the terminal, to the tabs',
      short: 'to the tabs',
      keys: ['Ctrl Shift ArrowUp'],
      available: there,
      run: focusTabs,
    },
    {
      ...each,
      id: 'session.reconnect',
      title: 'Reconnect in place',
      short: 'reconnect',
      keys: ['Ctrl Enter'],
      available: ended,
      run: () => {
        const active = front();
        if (active !== null) void sessionUi.reconnect(active.tab);
      },
    },
    {
      ...each,
      id: 'session.replay',
      title: 'Replay the session that ended',
      short: 'replay',
      keys: ['Ctrl Shift R'],
      available: () => ended() && drawn() && front()?.view.sessionId != null,
      run: () => {
        const id = front()?.view.sessionId;
        if (id == null) return;
        void recordings.load();
        navigation.openReplay(id, 'Replay of my own session');
      },
    },
    {
      ...each,
      id: 'session.close-tab',
      title: 'Close the tab that ended',
      short: 'close',
      keys: ['Ctrl W'],
      available: () => ended() || waiting(),
      run: () => {
        const tab = activeTab(sessions);
        if (tab !== null) sessionUi.closeTab(tab);
      },
    },
  ];
}
