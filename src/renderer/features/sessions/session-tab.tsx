import { X } from 'lucide-react';
import { type KeyboardEvent, useEffect, useRef } from 'react';
import type { Connection, SessionView } from '../../../shared/protocol/ipc.ts';
import { cx, HatchBlock } from '../../components/primitives.tsx';
import { toneText } from '../../components/tone.ts';
import { moveTab } from '../../services/layout/layout-moves.ts';
import { type Services, useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import type { Tab } from '../../services/tabs.ts';
import { testIds } from '../../test-ids.ts';
import { type DropTarget, followDrag, tabDrag } from './drag-tabs.ts';
import { detachTab } from './pane-actions.ts';
import css from './session-tab.module.css';
import { StateIcon } from './state-icon.tsx';
import { openTabMenu } from './tab-menu-state.ts';
import { colourOf, TargetColour } from './target-colour.tsx';
import { type StateWords, stateWords, waitingWords } from './words.ts';

/** The id of a tab's pane, for the tab that controls it. */
export const paneId = (key: string) => `pane-${key}`;

function drop(services: Services, key: string, target: DropTarget): void {
  if (target.kind === 'spot') services.sessions.arrange((layout) => moveTab(layout, key, target.spot));
  else {
    const pane = document.getElementById(paneId(key))?.getBoundingClientRect();
    detachTab(services, key, {
      left: Math.round(target.screenX - 120),
      top: Math.round(target.screenY - 20),
      width: Math.max(480, Math.round(pane?.width ?? 900)),
      height: Math.max(300, Math.round(pane?.height ?? 600)),
    });
  }
}

/** What a tab shows, of a session or of what waits for one. */
interface Shown {
  targetId: string;
  name: string;
  login: string;
  production: boolean;
  words: StateWords;
}

function TabButton(props: {
  tab: Tab;
  shown: Shown;
  windowId: string;
  /** The open one of its pane. */
  active: boolean;
  /** It can be seen. */
  inFront: boolean;
  onPress: () => void;
}) {
  const services = useServices();
  const { sessions, sessionUi, memory } = services;
  const { tab, shown, active, inFront } = props;
  const { words } = shown;
  const colour = colourOf(useStore(memory.state), shown.targetId);
  const dragged = useStore(tabDrag)?.key === tab.key;
  const plain = words.tone === 'accent' || words.tone === 'quiet';
  const element = useRef<HTMLDivElement>(null);
  const seen = active && inFront;
  // biome-ignore lint/correctness/useExhaustiveDependencies(words.tab): a tab that says something else is wider or narrower
  useEffect(() => {
    // Not before it is shown: what is hidden has no place to scroll to.
    if (seen) element.current?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [seen, words.tab]);
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) {
      const box = event.currentTarget.getBoundingClientRect();
      openTabMenu(tab.key, { x: box.left + 12, y: box.bottom });
    } else if (event.key === 'Enter' || event.key === ' ') {
      sessions.show(tab.key);
      props.onPress();
    } else return;
    event.preventDefault();
  };
  return (
    <div
      ref={element}
      role="tab"
      tabIndex={active ? 0 : -1}
      aria-selected={active}
      aria-controls={paneId(tab.key)}
      className={cx(
        css.tab,
        active && css.active,
        dragged && css.dragged,
        tab.waiting !== null && css.waiting,
        words.name === 'unrecorded' && css.unrecorded,
      )}
      data-testid={testIds.sessionTab}
      data-session-id={tab.sessionId}
      data-tab-key={tab.key}
      data-state={words.name}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        followDrag({
          event: event.nativeEvent,
          element: event.currentTarget,
          key: tab.key,
          windowId: props.windowId,
          done: (target) => drop(services, tab.key, target),
        });
      }}
      onMouseDown={(event) => {
        // The keys go on to the screen, not to the tab that was pressed.
        event.preventDefault();
        if (event.button === 1) sessionUi.closeTab(tab);
        if (event.button !== 0) return;
        sessions.show(tab.key);
        props.onPress();
      }}
      onContextMenu={(event) => {
        event.preventDefault();
        openTabMenu(tab.key, { x: event.clientX, y: event.clientY });
      }}
      onKeyDown={onKey}
    >
      {colour === null ? null : <TargetColour colour={colour} />}
      <StateIcon words={words} />
      {shown.production ? <HatchBlock /> : null}
      <span className={css.name}>{shown.name}</span>{' '}
      <span className={css.login}>
        <span>{shown.login}</span>
      </span>{' '}
      <span className={cx(css.word, plain ? css.time : toneText(words.tone))}>
        <span>{words.tab}</span>
      </span>
      <span className="visually-hidden">
        {words.word === words.tab ? '' : `, ${words.word}`}
        {shown.production ? ', production' : ''}
      </span>
      {active ? (
        // By keys it is closed with those that the foot and the menu name: within a tab there can be no second control.
        <span
          aria-hidden="true"
          title="Close"
          className={css.close}
          data-testid={testIds.sessionTabClose}
          onPointerDown={(event) => event.stopPropagation()}
          onMouseDown={(event) => {
            event.preventDefault();
            event.stopPropagation();
          }}
          onClick={() => sessionUi.closeTab(tab)}
        >
          <X size={13} strokeWidth={1.8} />
        </span>
      ) : null}
    </div>
  );
}

interface TabProps {
  tab: Tab;
  windowId: string;
  active: boolean;
  inFront: boolean;
  connection: Connection['state'];
  now: number;
}

function RunningTab(props: TabProps & { view: SessionView }) {
  const { sessions } = useServices();
  const { view } = props;
  const terminal = sessions.terminal(view.id);
  const { stopped } = useStore(terminal.facts);
  const words = stateWords(view, props.connection, props.now, stopped?.atMs ?? null);
  return (
    <TabButton
      {...props}
      shown={{
        targetId: view.targetId,
        name: view.targetName,
        login: view.login,
        production: view.production,
        words,
      }}
      onPress={() => {
        if (view.state.state === 'open') terminal.screen.focus();
      }}
    />
  );
}

/** A tab: state, production, target, login, time or state in a word. */
export function SessionTab(props: TabProps) {
  const { sessions } = useServices();
  const { tab } = props;
  const view = useStore(sessions.sessions).get(tab.sessionId);
  if (view !== undefined) return <RunningTab {...props} view={view} />;
  if (tab.waiting === null) return null;
  const { targetId, targetName: name, login, production } = tab.waiting;
  return (
    <TabButton
      {...props}
      shown={{ targetId, name, login, production, words: waitingWords }}
      onPress={() => undefined}
    />
  );
}
