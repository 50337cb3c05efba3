import { Button } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { DoorIcon } from '../../components/icons/icons.tsx';
import { Keys, ProductionBadge } from '../../components/primitives.tsx';
import type { Waiting } from '../../services/layout/layout-memory.ts';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import type { Tab } from '../../services/tabs.ts';
import { testIds } from '../../test-ids.ts';
import { connectAll, connectWaiting } from './pane-actions.ts';
import { PaneSill } from './pane-head.tsx';
import { paneId } from './session-tab.tsx';
import css from './waiting-pane.module.css';

/** The place of a session that ended with the launcher: nothing is connected, and nothing seems to be. */
export function WaitingPane(props: { tab: Tab; waiting: Waiting; shown: boolean; focused: boolean; alone: boolean }) {
  const services = useServices();
  const { sessions, sessionUi, connect } = services;
  const { tab, waiting } = props;
  const { busy, ask } = useStore(connect.state);
  const waits = useStore(sessions.tabs).tabs.filter((each) => each.waiting !== null).length;
  const element = useRef<HTMLDivElement>(null);
  const focused = props.shown && props.focused;
  useEffect(() => {
    // A dialog that is open keeps the focus.
    if (focused && ask === null) element.current?.focus();
  }, [focused, ask]);
  return (
    <div
      ref={element}
      id={paneId(tab.key)}
      role="tabpanel"
      tabIndex={-1}
      className={css.pane}
      aria-label={`${waiting.targetName} as ${waiting.login}, not connected`}
      data-testid={testIds.waitingPane}
    >
      <PaneSill tone={props.focused ? 'focused' : 'quiet'} />
      <div className={css.body}>
        <DoorIcon />
        <h2 className={css.title}>Not connected</h2>
        <p className={css.text}>
          {waiting.production ? <ProductionBadge /> : null}
          <span>
            <Keys of="Enter" /> connects to <b>{waiting.targetName}</b> as {waiting.login}
          </span>
        </p>
        <div className={css.actions}>
          <Button
            variant="filled"
            disabled={busy}
            data-testid={testIds.connectWaiting}
            onClick={() => void connectWaiting(services, tab)}
          >
            Connect
          </Button>
          {waits > 1 ? (
            <Button disabled={busy} onClick={() => void connectAll(services)}>
              Connect all {waits}
            </Button>
          ) : null}
          <Button variant="subtle" onClick={() => sessionUi.closeTab(tab)}>
            Dismiss
          </Button>
        </div>
        <p className={css.note}>
          It was open when Sallyport ended. No session outlives that; its record was closed and kept.
        </p>
      </div>
    </div>
  );
}
