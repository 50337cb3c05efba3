import { Button } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import type { Connection, SessionView } from '../../../shared/protocol/ipc.ts';
import { keepFocus } from '../../components/keep-focus.ts';
import { cx, ErrorCard, Keys } from '../../components/primitives.tsx';
import { detailsOf } from '../../errors/words.ts';
import { useServices } from '../../services/services.tsx';
import { shownEarlier } from '../../services/session-ui.ts';
import { useStore } from '../../services/store.ts';
import type { Tab } from '../../services/tabs.ts';
import { testIds } from '../../test-ids.ts';
import { FindBar } from './find-bar.tsx';
import { KillBanner, killOf } from './kill-banner.tsx';
import { PaneHead, PaneSill } from './pane-head.tsx';
import { SessionBanner, UnrecordedBar } from './session-banner.tsx';
import { SessionFoot } from './session-foot.tsx';
import css from './session-pane.module.css';
import { paneId } from './session-tab.tsx';
import { TerminalHost } from './terminal-host.tsx';
import { TerminalManners } from './terminal-manners.tsx';
import { connectSteps, endWords, mayTryAgain, neverOpened } from './words.ts';

function Steps(props: { view: SessionView }) {
  return (
    <div className={css.cover} role="status" data-testid={testIds.sessionSteps}>
      <div>
        <h2 className={css.stepsTitle}>Connecting to {props.view.targetName}</h2>
        <ol className={css.steps}>
          {connectSteps(props.view).map((step) => (
            <li
              key={step.text}
              className={cx(css.step, step.state === 'done' && css.stepDone, step.state === 'now' && css.stepNow)}
              aria-current={step.state === 'now' ? 'step' : undefined}
            >
              {step.text}
            </li>
          ))}
        </ol>
      </div>
    </div>
  );
}

function Failed(props: { view: SessionView; onReconnect: () => void; onCopy: (title: string) => void }) {
  const words = endWords(props.view);
  const problem = words?.problem ?? null;
  if (words === null || problem === null) return null;
  // The server has heard of it, and asks this target for no second key exchange from now on.
  const helped = problem.code === 'SP-2045';
  return (
    <div className={css.cover}>
      <div className={css.failed}>
        <ErrorCard
          title={words.title}
          problem={problem}
          testId={testIds.sessionError}
          onCopy={() => props.onCopy(words.title)}
          action={
            mayTryAgain(props.view) ? (
              <Button
                variant={helped ? 'filled' : 'default'}
                data-testid={testIds.reconnect}
                onClick={props.onReconnect}
              >
                {helped ? 'Connect without anchors' : 'Try again'}
              </Button>
            ) : undefined
          }
        />
        {helped ? (
          <p className={css.helped}>
            <Keys of="Ctrl Enter" /> connects again. From this session on the server asks this target for no anchors:
            its records say so.
          </p>
        ) : null}
      </div>
    </div>
  );
}

/** One tab's whole: banner, head, screen, foot. */
export function SessionPane(props: {
  tab: Tab;
  view: SessionView;
  windowId: string;
  /** It can be seen. */
  shown: boolean;
  /** The keys go to it. */
  focused: boolean;
  /** The only pane of its window. */
  alone: boolean;
  connection: Connection['state'];
  others: number;
  now: number;
}) {
  const { app, sessions, sessionUi, navigation, recordings } = useServices();
  const ui = useStore(sessionUi.state);
  const { tab, now, shown } = props;
  const element = useRef<HTMLDivElement>(null);
  const earlierId = shownEarlier(sessions, tab, ui.earlierShown);
  const earlierView = earlierId === undefined ? undefined : sessions.sessions.get().get(earlierId);
  const view = earlierView ?? props.view;
  // A reconnect that never opened: the screen stays as it was at the cut, under a banner that says why.
  const held = earlierView !== undefined && neverOpened(props.view);
  const told = held ? props.view : view;
  const { screen, facts } = sessions.terminal(view.id);
  const { stopped } = useStore(facts);
  const [mounted, setMounted] = useState(false);
  if (shown && !mounted) setMounted(true);

  const copy = (title: string) => {
    const problem = endWords(told)?.problem;
    if (problem != null)
      void app.copy(
        detailsOf(title, problem, { Target: told.targetName, Login: told.login, Session: told.sessionId ?? '–' }),
      );
  };
  const reconnect = () => void sessionUi.reconnect(tab);
  const replay = () => {
    if (view.sessionId === null) return;
    void recordings.load();
    navigation.openReplay(view.sessionId, 'Replay of my own session');
  };

  const dead = view.state.state === 'ended';
  const killed = dead && killOf(told) !== null;
  const failed = neverOpened(view) && !killed && endWords(view)?.problem != null;
  const connecting =
    view.state.state === 'requested' || view.state.state === 'authorised' || view.state.state === 'connecting';
  const finding = ui.find === tab.key && !neverOpened(view);
  const shownIds = earlierId === undefined ? [tab.sessionId] : [tab.sessionId, earlierId];
  const tone = killed ? 'ended' : stopped !== null && !dead ? 'strict' : props.focused && !dead ? 'focused' : 'quiet';

  // Where there are several panes, the keys must be seen to go to this one, also when it has no terminal to take them.
  const quiet = shown && props.focused && !props.alone && (dead || connecting);
  useEffect(() => {
    const pane = element.current;
    if (quiet && pane !== null && !pane.contains(pane.ownerDocument.activeElement)) pane.focus();
  }, [quiet]);

  return (
    <div
      ref={element}
      id={paneId(tab.key)}
      role="tabpanel"
      tabIndex={-1}
      className={css.pane}
      aria-label={`${view.targetName} as ${view.login}`}
      data-focused={props.focused}
      onMouseDown={(event) => {
        if (keepFocus(event) && !connecting && !dead) screen.focus();
      }}
    >
      <PaneSill tone={dead && !killed && props.focused && !props.alone ? 'focused' : tone} />
      {stopped === null || dead ? null : <UnrecordedBar stopped={stopped} />}
      <div aria-live="polite" style={{ display: 'contents' }}>
        {killed ? (
          <KillBanner view={told} others={props.others} onReplay={replay} onCopy={(text) => void app.copy(text)} />
        ) : null}
        {killed || failed ? null : (
          <SessionBanner
            view={told}
            connection={props.connection}
            now={now}
            stoppedAtMs={stopped?.atMs ?? null}
            onReconnect={(held && mayTryAgain(told)) || earlierId === undefined ? reconnect : null}
            onReplay={replay}
            onCopy={copy}
          />
        )}
      </div>
      <PaneHead
        view={view}
        tab={tab}
        connection={props.connection}
        now={now}
        earlier={earlierId !== undefined}
        held={held}
      />
      {finding && shown ? <FindBar screen={screen} /> : null}
      <div className={cx(css.screen, view.production && css.production, dead && css.dead)}>
        {mounted
          ? shownIds.map((id) => (
              // Behind the card of a session that never opened lies a screen that nobody sees; it would take the Tab key for itself.
              <div key={id} style={{ display: id === view.id ? 'contents' : 'none' }} inert={failed && id === view.id}>
                <TerminalHost
                  sessionId={id}
                  name={view.targetName}
                  terminal={sessions.terminal(id)}
                  windowId={props.windowId}
                  shown={shown && id === view.id}
                  focus={props.focused && !connecting && !dead && !finding}
                  dead={dead}
                />
              </div>
            ))
          : null}
        {mounted && !failed ? <TerminalManners screen={screen} view={view} shown={shown && !connecting} /> : null}
        {connecting ? <Steps view={view} /> : null}
        {failed ? <Failed view={view} onReconnect={reconnect} onCopy={copy} /> : null}
      </div>
      <SessionFoot view={view} terminal={sessions.terminal(view.id)} connection={props.connection} now={now} />
    </div>
  );
}
