import { Plus, TextSearch, Unplug, X } from 'lucide-react';
import { type KeyboardEvent, useEffect, useRef } from 'react';
import type { Connection, SessionView } from '../../../shared/protocol/ipc.ts';
import { keepFocus } from '../../components/keep-focus.ts';
import { cx, HatchBlock, IconButton } from '../../components/primitives.tsx';
import { toneText } from '../../components/tone.ts';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import type { Tab } from '../../services/tabs.ts';
import { testIds } from '../../test-ids.ts';
import css from './sessions.module.css';
import { StateIcon } from './state-icon.tsx';
import { neverOpened, stateWords } from './words.ts';

/** The id of a tab's pane, for the tab that controls it. */
export const paneId = (key: string) => `pane-${key}`;

function SessionTab(props: {
  tab: Tab;
  view: SessionView;
  active: boolean;
  shown: boolean;
  connection: Connection['state'];
  now: number;
}) {
  const { sessions, sessionUi } = useServices();
  const { tab, view, active } = props;
  const { stopped } = useStore(sessions.terminal(view.id).facts);
  const words = stateWords(view, props.connection, props.now, stopped?.atMs ?? null);
  const plain = words.tone === 'accent' || words.tone === 'quiet';
  const element = useRef<HTMLDivElement>(null);
  const inFront = active && props.shown;
  // biome-ignore lint/correctness/useExhaustiveDependencies(words.tab): a tab that says something else is wider or narrower
  useEffect(() => {
    // Not before it is shown: what is hidden has no place to scroll to.
    if (inFront) element.current?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [inFront, words.tab]);
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    sessions.terminal(view.id).screen.focus();
    event.preventDefault();
  };
  return (
    <div
      ref={element}
      role="tab"
      tabIndex={active ? 0 : -1}
      aria-selected={active}
      aria-controls={paneId(tab.key)}
      aria-label={`${view.targetName} as ${view.login}${view.production ? ', production' : ''}, ${words.word}, ${words.tab}`}
      className={cx(css.tab, active && css.tabActive, words.name === 'unrecorded' && css.tabUnrecorded)}
      data-testid={testIds.sessionTab}
      data-session-id={view.id}
      data-state={words.name}
      onMouseDown={(event) => {
        if (event.target instanceof Element && event.target.closest('button') !== null) return;
        // The keys go on to the screen, not to the tab that was pressed.
        event.preventDefault();
        if (event.button === 1) sessionUi.closeTab(tab);
        else {
          sessions.show(tab.key);
          if (view.state.state === 'open') sessions.terminal(view.id).screen.focus();
        }
      }}
      onKeyDown={onKey}
    >
      <StateIcon words={words} />
      {view.production ? <HatchBlock /> : null}
      <span className={css.tabName}>{view.targetName}</span>
      <span className={css.tabLogin}>
        <span>{view.login}</span>
      </span>
      <span className={cx(css.tabWord, plain ? css.tabTime : toneText(words.tone))}>
        <span>{words.tab}</span>
      </span>
      {active ? (
        <IconButton
          label="Close tab"
          className={css.tabClose}
          testId={testIds.sessionTabClose}
          tabIndex={-1}
          onClick={() => sessionUi.closeTab(tab)}
        >
          <X size={13} strokeWidth={1.8} aria-hidden="true" />
        </IconButton>
      ) : null}
    </div>
  );
}

export function SessionTabs(props: {
  active: SessionView | null;
  shown: boolean;
  connection: Connection['state'];
  now: number;
}) {
  const { sessions, sessionUi, navigation } = useServices();
  const { tabs, activeKey } = useStore(sessions.tabs);
  const views = useStore(sessions.sessions);
  const onKey = (event: KeyboardEvent) => {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : null;
    if (by === null) return;
    event.preventDefault();
    sessions.step(by);
    requestAnimationFrame(() => document.querySelector<HTMLElement>('[role="tab"][aria-selected="true"]')?.focus());
  };
  const running = props.active !== null && props.active.state.state !== 'ended';
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it keeps the focus at the screen and does nothing else
    <div
      className={css.tabBar}
      onMouseDown={(event) => {
        if (keepFocus(event) && running && props.active !== null) sessions.terminal(props.active.id).screen.focus();
      }}
    >
      <div className={css.tabs} role="tablist" aria-label="Sessions" onKeyDown={onKey}>
        {tabs.map((tab) => {
          const view = views.get(tab.sessionId);
          return view === undefined ? null : (
            <SessionTab
              key={tab.key}
              tab={tab}
              view={view}
              active={tab.key === activeKey}
              shown={props.shown}
              connection={props.connection}
              now={props.now}
            />
          );
        })}
      </div>
      <IconButton label="New session (Ctrl Shift T)" className={css.plus} onClick={() => navigation.newSession()}>
        <Plus size={16} strokeWidth={1.6} aria-hidden="true" />
      </IconButton>
      <div className={css.tabActions}>
        <button
          type="button"
          className={css.tabAction}
          aria-label="Find"
          title="Find (Ctrl Shift F)"
          disabled={props.active === null || neverOpened(props.active)}
          onClick={() => sessionUi.openFind()}
        >
          <TextSearch size={15} strokeWidth={1.6} aria-hidden="true" />
          <span className={css.tabActionWord}>Find</span>
        </button>
        <button
          type="button"
          className={css.tabAction}
          aria-label="Disconnect"
          title="Disconnect (Ctrl Shift X)"
          disabled={!running}
          data-testid={testIds.disconnect}
          onClick={() => props.active !== null && sessions.disconnect(props.active.id)}
        >
          <Unplug size={15} strokeWidth={1.6} aria-hidden="true" />
          <span className={css.tabActionWord}>Disconnect</span>
        </button>
      </div>
    </div>
  );
}
