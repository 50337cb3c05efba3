import { Button } from '@mantine/core';
import { useEffect } from 'react';
import type { Connection, SessionView } from '../../../shared/protocol/ipc.ts';
import { Foot } from '../../components/foot.tsx';
import { Empty } from '../../components/primitives.tsx';
import { groupsIn, mainWindow, windowOf } from '../../services/layout/layout.ts';
import { useNow } from '../../services/now.ts';
import { type Services, useServices } from '../../services/services.tsx';
import { tabsInFront } from '../../services/session-ui.ts';
import { useStore } from '../../services/store.ts';
import type { Tab } from '../../services/tabs.ts';
import { DetachedWindow, useMainFront } from './detached-window.tsx';
import { AllDetached } from './group-bar.tsx';
import { killOf } from './kill-banner.tsx';
import { LayoutView } from './layout-view.tsx';
import { paneCommands } from './pane-commands.ts';
import { SessionDialogs } from './session-dialogs.tsx';
import css from './sessions-view.module.css';
import { TabMenu } from './tab-menu.tsx';
import { useTerminalCommands } from './terminal-commands.ts';
import { mayTryAgain, neverOpened } from './words.ts';

type Shortcuts = readonly (readonly [string, string])[];

const runningKeys: Shortcuts = [
  ['Ctrl Tab', 'next tab'],
  ['Ctrl Shift F', 'find'],
  ['Ctrl Shift D', 'split'],
  ['Ctrl Shift C', 'copy'],
  ['Ctrl Shift V', 'paste'],
  ['Ctrl Shift X', 'disconnect'],
  ['Ctrl Shift T', 'new session'],
];

const panesKeys: Shortcuts = [
  ['Ctrl Tab', 'next tab'],
  ['Alt ArrowRight', 'move between panes'],
  ['Ctrl Shift F', 'find'],
  ['Ctrl Shift D', 'split'],
  ['Ctrl Shift Enter', 'one pane alone'],
  ['Ctrl Shift X', 'disconnect'],
];

const endedKeys: Shortcuts = [
  ['Ctrl Enter', 'reconnect'],
  ['Ctrl Shift R', 'replay'],
  ['Ctrl Shift F', 'find on this screen'],
  ['Ctrl Shift C', 'copy'],
  ['Ctrl W', 'close tab'],
];

/** Nothing was ever shown: there is nothing to find, copy or replay. */
const failedKeys: Shortcuts = [
  ['Ctrl Enter', 'try again'],
  ['Ctrl W', 'close tab'],
];

const waitingKeys: Shortcuts = [
  ['Enter', 'connect'],
  ['Ctrl Shift A', 'connect all'],
  ['Ctrl W', 'dismiss'],
  ['Ctrl Tab', 'next tab'],
];

function keysFor(tab: Tab | undefined, view: SessionView | undefined, panes: number): Shortcuts {
  if (tab?.waiting != null) return waitingKeys;
  if (view === undefined || view.state.state !== 'ended') return panes > 1 ? panesKeys : runningKeys;
  if (neverOpened(view)) return mayTryAgain(view) ? failedKeys : failedKeys.slice(1);
  return killOf(view) !== null ? endedKeys.slice(1) : endedKeys;
}

function ScreenSize(props: { id: string }) {
  const { sessions } = useServices();
  const size = useStore(sessions.terminal(props.id).screen.sizeText);
  return (
    <>
      <span>{size}</span>
      <span>UTF-8</span>
    </>
  );
}

function NoSession() {
  const { navigation } = useServices();
  return (
    <div className={css.empty}>
      <Empty
        title="No session is open"
        actions={
          <Button variant="filled" onClick={() => navigation.go('targets')}>
            Choose a target
          </Button>
        }
      >
        A session opens here when you connect to a target. It is recorded from its first byte.
      </Empty>
    </div>
  );
}

const inFront = (services: Services) => tabsInFront(services);

/** All sessions: those in this window, and the windows that were detached from it. */
export function SessionsView(props: { shown: boolean; connection: Connection }) {
  const services = useServices();
  const { sessions, commands } = services;
  const { tabs, activeKey, layout } = useStore(sessions.tabs);
  const views = useStore(sessions.sessions);
  const main = windowOf(layout, mainWindow);
  const detached = layout.windows.filter((window) => window.id !== mainWindow);
  const now = useNow(props.shown || detached.length > 0 ? 500 : 60_000);
  const activeTab = tabs.find((tab) => tab.key === activeKey);
  const active = activeTab === undefined ? undefined : views.get(activeTab.sessionId);

  // Every session is attached at once: an unattended one would stand still at its high water.
  useEffect(() => {
    for (const tab of tabs) if (tab.waiting === null) sessions.terminal(tab.sessionId);
  }, [tabs, sessions]);
  useEffect(() => commands.register(paneCommands(services)), [commands, services]);
  useTerminalCommands(inFront);
  useMainFront();

  const ended = active?.state.state === 'ended';
  const panes = groupsIn(main?.root ?? null).length;
  return (
    <>
      {main !== undefined && main.root !== null ? (
        <LayoutView window={main} shown={props.shown} connection={props.connection.state} now={now} />
      ) : detached.length > 0 ? (
        <div className={css.empty}>
          <Empty
            title="Your sessions are in other windows"
            actions={<AllDetached windows={detached.map((window) => window.id)} />}
          >
            They go on there. A window that is closed gives its tabs back to this one.
          </Empty>
        </div>
      ) : (
        <NoSession />
      )}
      <Foot
        keys={tabs.length === 0 ? [['Ctrl Shift T', 'new session']] : keysFor(activeTab, active, panes)}
        inTerminal={active !== undefined && !ended}
        end={
          ended && active !== undefined && killOf(active) !== null ? (
            <span className="selectable">Quote SP-4001 if you call</span>
          ) : active === undefined || neverOpened(active) ? null : (
            <ScreenSize id={active.id} />
          )
        }
      />
      <TabMenu windowId={mainWindow} page={document} />
      <SessionDialogs windowId={mainWindow} />
      {detached.map((window) => (
        <DetachedWindow key={window.id} layout={window} connection={props.connection.state} now={now} />
      ))}
    </>
  );
}
