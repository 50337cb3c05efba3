import type { Command } from '../../commands/command.ts';
import type { Side } from '../../services/layout/layout-moves.ts';
import type { Services } from '../../services/services.tsx';
import { activeSession, activeTab, tabsInFront } from '../../services/session-ui.ts';
import {
  attachTab,
  connectAll,
  connectWaiting,
  copyFact,
  detachOrBring,
  focusSide,
  isDetached,
  isLarge,
  moveToPane,
  moveToSide,
  paneCount,
  resizeSide,
  splitPane,
  tabsBeside,
  toggleLarge,
} from './pane-actions.ts';
import { openTabMenu } from './tab-menu-state.ts';

const sides: readonly { side: Side; key: string; name: string }[] = [
  { side: 'left', key: 'ArrowLeft', name: 'left' },
  { side: 'right', key: 'ArrowRight', name: 'right' },
  { side: 'up', key: 'ArrowUp', name: 'above' },
  { side: 'down', key: 'ArrowDown', name: 'below' },
];

/** What is done to tabs and panes: splits, windows, places. */
export function paneCommands(services: Services): Command[] {
  const { sessions } = services;
  const front = () => (tabsInFront(services) ? activeTab(sessions) : null);
  const view = () => (tabsInFront(services) ? (activeSession(sessions)?.view ?? null) : null);
  const several = () => {
    const tab = front();
    return tab !== null && paneCount(services, tab.key) > 1;
  };
  const withFront = (act: (key: string) => void) => () => {
    const tab = front();
    if (tab !== null) act(tab.key);
  };
  const each = { group: 'sessions', inTerminal: true } as const;
  const split = (side: 'right' | 'down') => () => {
    const now = view();
    if (now !== null) void splitPane(services, now, side);
  };
  const waits = () => sessions.tabs.get().tabs.filter((tab) => tab.waiting !== null).length;
  return [
    {
      ...each,
      id: 'pane.split-right',
      title: 'Split right: another session to this target',
      short: 'split',
      keys: ['Ctrl Shift D'],
      available: () => view() !== null,
      run: split('right'),
    },
    {
      ...each,
      id: 'pane.split-down',
      title: 'Split down: another session to this target',
      keys: ['Ctrl Shift E'],
      available: () => view() !== null,
      run: split('down'),
    },
    ...sides.map(
      ({ side, key, name }): Command => ({
        ...each,
        id: `pane.focus-${side}`,
        title: `To the pane ${side === 'left' || side === 'right' ? `on the ${name}` : name}`,
        ...(side === 'left' ? { short: 'move between panes' } : {}),
        keys: [`Alt ${key}`],
        available: several,
        run: () => focusSide(services, side),
      }),
    ),
    ...sides.map(
      ({ side, key, name }): Command => ({
        ...each,
        id: `pane.resize-${side}`,
        title: `Move the border ${side === 'up' ? 'up' : side === 'down' ? 'down' : name}`,
        keys: [`Alt Shift ${key}`],
        available: several,
        run: () => resizeSide(services, side),
      }),
    ),
    {
      ...each,
      id: 'pane.maximise',
      title: 'This pane alone, or all again',
      keys: ['Ctrl Shift Enter'],
      available: () => several() || isLarge(services, front()?.key ?? ''),
      run: withFront((key) => toggleLarge(services, key)),
    },
    ...sides.map(
      ({ side, name }): Command => ({
        ...each,
        inTerminal: false,
        id: `tab.split-${side}`,
        title: `Move this tab to a pane ${side === 'left' || side === 'right' ? `on the ${name}` : name}`,
        keys: [],
        available: () => tabsBeside(services, front()?.key ?? '') > 0,
        run: withFront((key) => moveToSide(services, key, side)),
      }),
    ),
    ...sides.map(
      ({ side, key, name }): Command => ({
        ...each,
        id: `tab.move-${side}`,
        title: `Move this tab into the pane ${side === 'left' || side === 'right' ? `on the ${name}` : name}`,
        keys: [`Ctrl Alt Shift ${key}`],
        available: several,
        run: withFront((tab) => moveToPane(services, tab, side)),
      }),
    ),
    {
      ...each,
      id: 'tab.detach',
      title: 'Move this tab to a window of its own',
      keys: ['Ctrl Shift N'],
      available: () => front() !== null,
      run: withFront((key) => detachOrBring(services, key)),
    },
    {
      ...each,
      id: 'tab.attach',
      title: 'Back to the main window',
      keys: ['Ctrl Shift B'],
      available: () => isDetached(services, front()?.key ?? ''),
      run: withFront((key) => attachTab(services, key)),
    },
    {
      ...each,
      id: 'tab.menu',
      title: 'Menu of this tab: colour, windows, copy',
      keys: ['Ctrl Shift M'],
      available: () => front() !== null,
      run: withFront((key) => openTabMenu(key, null)),
    },
    {
      ...each,
      inTerminal: false,
      id: 'session.copy-address',
      title: 'Copy the address of this target',
      keys: [],
      available: () => view() !== null,
      run: () => void copyFact(services, view()?.address ?? ''),
    },
    {
      ...each,
      inTerminal: false,
      id: 'session.copy-id',
      title: 'Copy the id of this session',
      keys: [],
      available: () => view()?.sessionId != null,
      run: () => void copyFact(services, view()?.sessionId ?? ''),
    },
    {
      ...each,
      inTerminal: false,
      id: 'session.connect-waiting',
      title: 'Connect this tab',
      short: 'connect',
      keys: ['Enter'],
      available: () => front()?.waiting != null,
      run: () => {
        const tab = front();
        if (tab !== null) void connectWaiting(services, tab);
      },
    },
    {
      ...each,
      inTerminal: false,
      id: 'session.connect-all',
      title: 'Connect all tabs that wait',
      short: 'connect all',
      keys: ['Ctrl Shift A'],
      available: () => front()?.waiting != null && waits() > 1,
      run: () => void connectAll(services),
    },
  ];
}
