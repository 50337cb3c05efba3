import { PictureInPicture2, Plus, SquareSplitHorizontal, TextSearch, Undo2, Unplug } from 'lucide-react';
import type { KeyboardEvent, ReactNode } from 'react';
import type { Connection } from '../../../shared/protocol/ipc.ts';
import { keepFocus } from '../../components/keep-focus.ts';
import { IconButton } from '../../components/primitives.tsx';
import { type Group, mainWindow } from '../../services/layout/layout.ts';
import { showTab } from '../../services/layout/layout-moves.ts';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import { testIds } from '../../test-ids.ts';
import css from './group-bar.module.css';
import { attachWindow, splitPane } from './pane-actions.ts';
import { SessionTab } from './session-tab.tsx';
import { neverOpened } from './words.ts';

function BarAction(props: {
  label: string;
  keys: string;
  icon: ReactNode;
  disabled: boolean;
  testId?: string;
  onClick: () => void;
}) {
  return (
    <button
      type="button"
      className={css.action}
      aria-label={props.label}
      title={`${props.label} (${props.keys})`}
      disabled={props.disabled}
      data-testid={props.testId}
      onClick={props.onClick}
    >
      {props.icon}
      <span className={css.actionWord}>{props.label}</span>
    </button>
  );
}

/** The tabs of one pane, and what is done to the open one. */
export function GroupBar(props: {
  group: Group;
  windowId: string;
  /** Counts the panes where there are several; null for the only one. */
  number: number | null;
  inFront: boolean;
  connection: Connection['state'];
  now: number;
}) {
  const services = useServices();
  const { sessions, sessionUi, navigation } = services;
  const { group, windowId } = props;
  const { tabs } = useStore(sessions.tabs);
  const views = useStore(sessions.sessions);
  const active = tabs.find((tab) => tab.key === group.active);
  const view = active === undefined ? undefined : views.get(active.sessionId);
  const running = view !== undefined && view.state.state !== 'ended';
  const onKey = (event: KeyboardEvent<HTMLElement>) => {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : null;
    if (by === null || event.altKey || event.ctrlKey) return;
    event.preventDefault();
    const at = group.tabs.indexOf(group.active);
    const next = group.tabs[(at + by + group.tabs.length) % group.tabs.length];
    if (next !== undefined) sessions.arrange((layout) => showTab(layout, next));
    const list = event.currentTarget;
    requestAnimationFrame(() => list.querySelector<HTMLElement>('[aria-selected="true"]')?.focus());
  };
  const show = () => sessions.show(group.active);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it keeps the focus at the screen and does nothing else
    <div
      className={css.bar}
      onMouseDown={(event) => {
        if (!keepFocus(event)) return;
        show();
        if (running) sessions.terminal(view.id).screen.focus();
      }}
    >
      <div
        className={css.tabs}
        role="tablist"
        aria-label={props.number === null ? 'Sessions' : `Sessions, pane ${props.number}`}
        onKeyDown={onKey}
      >
        {group.tabs.map((key) => {
          const tab = tabs.find((each) => each.key === key);
          return tab === undefined ? null : (
            <SessionTab
              key={key}
              tab={tab}
              windowId={windowId}
              active={key === group.active}
              inFront={props.inFront}
              connection={props.connection}
              now={props.now}
            />
          );
        })}
      </div>
      {windowId === mainWindow ? (
        <IconButton label="New session (Ctrl Shift T)" className={css.plus} onClick={() => navigation.newSession()}>
          <Plus size={16} strokeWidth={1.6} aria-hidden="true" />
        </IconButton>
      ) : null}
      <div className={css.actions}>
        {windowId === mainWindow ? null : (
          <BarAction
            label="Back to the main window"
            keys="Ctrl Shift B"
            icon={<Undo2 size={15} strokeWidth={1.6} aria-hidden="true" />}
            disabled={false}
            testId={testIds.attachWindow}
            onClick={() => attachWindow(services, windowId)}
          />
        )}
        <BarAction
          label="Find"
          keys="Ctrl Shift F"
          icon={<TextSearch size={15} strokeWidth={1.6} aria-hidden="true" />}
          disabled={view === undefined || neverOpened(view)}
          onClick={() => {
            show();
            sessionUi.openFind();
          }}
        />
        <BarAction
          label="Split"
          keys="Ctrl Shift D"
          icon={<SquareSplitHorizontal size={15} strokeWidth={1.6} aria-hidden="true" />}
          disabled={view === undefined}
          onClick={() => {
            show();
            if (view !== undefined) void splitPane(services, view, 'right');
          }}
        />
        <BarAction
          label="Disconnect"
          keys="Ctrl Shift X"
          icon={<Unplug size={15} strokeWidth={1.6} aria-hidden="true" />}
          disabled={!running}
          testId={testIds.disconnect}
          onClick={() => {
            if (view !== undefined) sessions.disconnect(view.id);
          }}
        />
      </div>
    </div>
  );
}

/** What stands in the main window while every session is in another one. */
export function AllDetached(props: { windows: readonly string[] }) {
  const services = useServices();
  return (
    <button
      type="button"
      className={css.detached}
      onClick={() => {
        for (const id of props.windows) attachWindow(services, id);
      }}
    >
      <PictureInPicture2 size={15} strokeWidth={1.6} aria-hidden="true" />
      Bring them back here
    </button>
  );
}
