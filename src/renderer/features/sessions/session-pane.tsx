import { Button } from '@mantine/core';
import { Clock } from 'lucide-react';
import { useState } from 'react';
import type { Connection, SessionView } from '../../../shared/protocol/ipc.ts';
import { EndpointBadge } from '../../components/endpoint-badge.tsx';
import { BrokenArchIcon, HourglassIcon, RecordingIcon } from '../../components/icons/icons.tsx';
import { keepFocus } from '../../components/keep-focus.ts';
import { Badge, cx, ErrorCard, ProductionBadge } from '../../components/primitives.tsx';
import { detailsOf } from '../../errors/words.ts';
import { clock } from '../../services/format.ts';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import type { Tab } from '../../services/tabs.ts';
import { testIds } from '../../test-ids.ts';
import { FindBar } from './find-bar.tsx';
import { KillBanner, killOf } from './kill-banner.tsx';
import { SessionBanner, UnrecordedBar } from './session-banner.tsx';
import { SessionFoot } from './session-foot.tsx';
import { paneId } from './session-tabs.tsx';
import css from './sessions.module.css';
import { TerminalHost } from './terminal-host.tsx';
import { connectSteps, endWords, lowMs, mayTryAgain, neverOpened, noContact, timeLeft } from './words.ts';

function TimeLeft(props: { view: SessionView; connection: Connection['state']; now: number }) {
  const { view, now } = props;
  if (view.state.state === 'ended') {
    return view.endedAtMs === null || view.openedAtMs === null ? null : (
      <span>The screen as it was at {clock(view.endedAtMs, true)}</span>
    );
  }
  // The time that the rules leave means nothing while the session is about to end for want of contact.
  if (view.endsAtMs === null || view.state.state === 'frozen' || noContact(view, props.connection, now)) return null;
  const left = view.endsAtMs - now;
  if (left < lowMs) {
    return (
      <Badge tone="press" icon={<HourglassIcon size={13} />}>
        {timeLeft(left)}
      </Badge>
    );
  }
  return (
    <span className={css.clock}>
      <Clock size={13} strokeWidth={1.6} aria-hidden="true" />
      {timeLeft(left)}
    </span>
  );
}

function PaneHead(props: {
  view: SessionView;
  tab: Tab;
  connection: Connection['state'];
  now: number;
  earlier: boolean;
}) {
  const { sessionUi } = useServices();
  const { view, tab } = props;
  return (
    <div className={css.paneHead}>
      {view.production ? <ProductionBadge /> : null}
      <span className={css.paneName}>{view.targetName}</span>
      <span className={css.paneLogin}>{view.login}</span>
      {view.route === 'direct' ? (
        <Badge
          tone="outline"
          icon={<BrokenArchIcon size={14} />}
          title="Direct connection: the relay cannot cut it, so a kill is best effort"
        >
          Direct, best effort
        </Badge>
      ) : null}
      {view.recordMode === 'best-effort' ? (
        <Badge
          tone="outline"
          icon={<RecordingIcon size={14} />}
          title="If its record cannot be written any more, this session goes on without one, and says so"
        >
          Recording: best effort
        </Badge>
      ) : null}
      {view.credential === 'sealed-password' ? <EndpointBadge /> : null}
      <div className={css.paneEnd}>
        {tab.earlier.length > 0 ? (
          <Button variant="subtle" size="compact-sm" onClick={() => sessionUi.toggleEarlier(tab.key)}>
            {props.earlier ? 'Back to the session' : 'Earlier screen'}
          </Button>
        ) : null}
        <TimeLeft view={view} connection={props.connection} now={props.now} />
      </div>
    </div>
  );
}

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
  return (
    <div className={css.cover}>
      <ErrorCard
        title={words.title}
        problem={problem}
        testId={testIds.sessionError}
        onCopy={() => props.onCopy(words.title)}
        action={
          mayTryAgain(props.view) ? (
            <Button data-testid={testIds.reconnect} onClick={props.onReconnect}>
              Try again
            </Button>
          ) : undefined
        }
      />
    </div>
  );
}

/** One tab's whole: banner, head, screen, foot. */
export function SessionPane(props: {
  tab: Tab;
  view: SessionView;
  shown: boolean;
  connection: Connection['state'];
  others: number;
  now: number;
}) {
  const { app, sessions, sessionUi, navigation, recordings } = useServices();
  const ui = useStore(sessionUi.state);
  const { tab, now } = props;
  const earlierId = ui.earlierShown.has(tab.key) ? tab.earlier[0] : undefined;
  const earlierView = earlierId === undefined ? undefined : sessions.sessions.get().get(earlierId);
  const view = earlierView ?? props.view;
  const { stopped } = useStore(sessions.terminal(view.id).facts);
  const [mounted, setMounted] = useState(false);
  if (props.shown && !mounted) setMounted(true);

  const copy = (title: string) => {
    const problem = endWords(view)?.problem;
    if (problem != null)
      void app.copy(
        detailsOf(title, problem, { Target: view.targetName, Login: view.login, Session: view.sessionId ?? '–' }),
      );
  };
  const reconnect = () => void sessionUi.reconnect(tab);
  const replay = () => {
    if (view.sessionId === null) return;
    void recordings.load();
    navigation.openReplay(view.sessionId, 'Replay of my own session');
  };

  const killed = view.state.state === 'ended' && killOf(view) !== null;
  const failed = neverOpened(view) && !killed && endWords(view)?.problem != null;
  const connecting =
    view.state.state === 'requested' || view.state.state === 'authorised' || view.state.state === 'connecting';
  const dead = view.state.state === 'ended';
  const shownIds = earlierId === undefined ? [tab.sessionId] : [tab.sessionId, earlierId];

  return (
    <div
      id={paneId(tab.key)}
      role="tabpanel"
      tabIndex={-1}
      className={css.pane}
      hidden={!props.shown}
      aria-label={`${view.targetName} as ${view.login}`}
      onMouseDown={(event) => {
        if (keepFocus(event) && !connecting && !dead) sessions.terminal(view.id).screen.focus();
      }}
    >
      <div
        className={cx(
          css.sill,
          dead && css.sillQuiet,
          killed && css.sillEnded,
          stopped !== null && !dead && css.sillStrict,
        )}
      />
      {stopped === null || dead ? null : <UnrecordedBar stopped={stopped} />}
      <div aria-live="polite" style={{ display: 'contents' }}>
        {killed ? (
          <KillBanner view={view} others={props.others} onReplay={replay} onCopy={(text) => void app.copy(text)} />
        ) : null}
        {killed || failed ? null : (
          <SessionBanner
            view={view}
            connection={props.connection}
            now={now}
            stoppedAtMs={stopped?.atMs ?? null}
            onReconnect={earlierId === undefined ? reconnect : null}
            onReplay={replay}
            onCopy={copy}
          />
        )}
      </div>
      <PaneHead view={view} tab={tab} connection={props.connection} now={now} earlier={earlierId !== undefined} />
      {ui.find && props.shown && !neverOpened(view) ? <FindBar screen={sessions.terminal(view.id).screen} /> : null}
      <div className={cx(css.screen, view.production && css.screenProduction, dead && css.dead)}>
        {mounted
          ? shownIds.map((id) => (
              // Behind the card of a session that never opened lies a screen that nobody sees; it would take the Tab key for itself.
              <div key={id} style={{ display: id === view.id ? 'contents' : 'none' }} inert={failed && id === view.id}>
                <TerminalHost
                  sessionId={id}
                  name={view.targetName}
                  terminal={sessions.terminal(id)}
                  shown={props.shown && id === view.id}
                  focus={!connecting && !dead && !ui.find}
                  dead={dead}
                />
              </div>
            ))
          : null}
        {connecting ? <Steps view={view} /> : null}
        {failed ? <Failed view={view} onReconnect={reconnect} onCopy={copy} /> : null}
      </div>
      <SessionFoot view={view} terminal={sessions.terminal(view.id)} connection={props.connection} now={now} />
    </div>
  );
}
