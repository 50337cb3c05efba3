import { Button } from '@mantine/core';
import { useEffect } from 'react';
import type { Connection, SessionView } from '../../../shared/protocol/ipc.ts';
import { Foot } from '../../components/foot.tsx';
import { Empty } from '../../components/primitives.tsx';
import { useNow } from '../../services/now.ts';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import { killOf } from './kill-banner.tsx';
import { CloseDialog, PasteGuard, ProblemDialog } from './session-dialogs.tsx';
import { SessionPane } from './session-pane.tsx';
import { SessionTabs } from './session-tabs.tsx';
import css from './sessions.module.css';
import { mayTryAgain, neverOpened } from './words.ts';

const runningKeys = [
  ['Ctrl Tab', 'next tab'],
  ['Ctrl Shift F', 'find'],
  ['Ctrl Shift C', 'copy'],
  ['Ctrl Shift V', 'paste'],
  ['Ctrl Shift X', 'disconnect'],
  ['Ctrl Shift T', 'new session'],
] as const;

const endedKeys = [
  ['Ctrl ↵', 'reconnect'],
  ['Ctrl Shift R', 'replay'],
  ['Ctrl Shift F', 'find on this screen'],
  ['Ctrl Shift C', 'copy'],
  ['Ctrl W', 'close tab'],
] as const;

/** Nothing was ever shown: there is nothing to find, copy or replay. */
const failedKeys = [
  ['Ctrl ↵', 'try again'],
  ['Ctrl W', 'close tab'],
] as const;

function keysFor(view: SessionView | undefined): readonly (readonly [string, string])[] {
  if (view === undefined || view.state.state !== 'ended') return runningKeys;
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

export function SessionsView(props: { shown: boolean; connection: Connection }) {
  const { sessions, navigation } = useServices();
  const { tabs, activeKey } = useStore(sessions.tabs);
  const views = useStore(sessions.sessions);
  const now = useNow(props.shown ? 500 : 60_000);
  const activeTab = tabs.find((tab) => tab.key === activeKey);
  const active = activeTab === undefined ? undefined : views.get(activeTab.sessionId);

  // Every session is attached at once: an unattended one would stand still at its high water.
  useEffect(() => {
    for (const tab of tabs) sessions.terminal(tab.sessionId);
  }, [tabs, sessions]);

  if (tabs.length === 0) {
    return (
      <>
        <div style={{ flex: 1, display: 'grid', placeItems: 'center' }}>
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
        <Foot keys={[['Ctrl Shift T', 'new session']]} />
        <ProblemDialog />
      </>
    );
  }

  const running = [...views.values()].filter((view) => view.state.state !== 'ended').length;
  const ended = active?.state.state === 'ended';
  return (
    <>
      <SessionTabs active={active ?? null} shown={props.shown} connection={props.connection.state} now={now} />
      <div className={css.panes}>
        {tabs.map((tab) => {
          const view = views.get(tab.sessionId);
          return view === undefined ? null : (
            <SessionPane
              key={tab.key}
              tab={tab}
              view={view}
              shown={props.shown && tab.key === activeKey}
              connection={props.connection.state}
              others={running - (view.state.state === 'ended' ? 0 : 1)}
              now={now}
            />
          );
        })}
      </div>
      <Foot
        keys={keysFor(active)}
        inTerminal={active !== undefined && !ended}
        end={
          ended && active !== undefined && killOf(active) !== null ? (
            <span className="selectable">Quote SP-4001 if you call</span>
          ) : active === undefined || neverOpened(active) ? null : (
            <ScreenSize id={active.id} />
          )
        }
      />
      <PasteGuard />
      <CloseDialog />
      <ProblemDialog />
    </>
  );
}
