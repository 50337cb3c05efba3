import { ArrowUp, Check, CircleOff, Minus, Search, Square, X } from 'lucide-react';
import type { AppState } from '../../shared/protocol/ipc.ts';
import { BrokenLinkIcon, LogoIcon, RecordingIcon, WireIcon } from '../components/icons/icons.tsx';
import { cx, Keys } from '../components/primitives.tsx';
import { bytes, clock, counted } from '../services/format.ts';
import { useServices } from '../services/services.tsx';
import { activeSession } from '../services/session-ui.ts';
import { useStore } from '../services/store.ts';
import { testIds } from '../test-ids.ts';
import css from './shell.module.css';

/** Minimise, maximise, close: the window has no frame of its own. */
export function WindowButtons() {
  const { app } = useServices();
  return (
    <div className={css.windowButtons}>
      <button type="button" className={css.windowButton} aria-label="Minimise" onClick={() => app.windowDo('minimise')}>
        <Minus size={14} strokeWidth={1.5} aria-hidden="true" />
      </button>
      <button type="button" className={css.windowButton} aria-label="Maximise" onClick={() => app.windowDo('maximise')}>
        <Square size={11} strokeWidth={1.7} aria-hidden="true" />
      </button>
      <button
        type="button"
        className={css.windowButton}
        aria-label="Close window"
        onClick={() => app.windowDo('close')}
      >
        <X size={15} strokeWidth={1.5} aria-hidden="true" />
      </button>
    </div>
  );
}

/** The way into the palette with the mouse, and where its keys stand. In a terminal Ctrl K belongs to the shell, so others stand there. */
function PaletteField() {
  const { navigation, sessions } = useServices();
  const { view } = useStore(navigation.place);
  useStore(sessions.tabs);
  useStore(sessions.sessions);
  const typing = view === 'sessions' && activeSession(sessions)?.view.state.state === 'open';
  return (
    <button
      type="button"
      className={css.paletteField}
      data-testid={testIds.paletteOpen}
      // The palette gives the focus back to what has it now.
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => navigation.openPalette('')}
    >
      <Search size={14} strokeWidth={1.7} aria-hidden="true" />
      <span className={css.paletteWords}>Go to a target, a session or an action</span>
      <Keys of={typing ? 'Ctrl Shift P' : 'Ctrl K'} />
    </button>
  );
}

/** What is still to be sent; opens the panel that says why. `running`: recordings that are still being made, so not yet sent as a whole. */
function Backlog(props: { backlog: AppState['backlog']; running: number }) {
  const { navigation } = useServices();
  const { recordings, bytes: size, lastProblem } = props.backlog;
  const waiting = recordings > 0;
  const title = waiting ? lastProblem?.message : props.running > 0 ? 'All finished recordings are sent' : undefined;
  return (
    <button
      type="button"
      className={cx(css.fact, css.factButton, waiting ? css.pressing : css.calm)}
      title={title}
      data-testid={testIds.backlog}
      data-recordings={recordings}
      data-bytes={size}
      onClick={() => navigation.setDialog('backlog')}
    >
      {waiting ? (
        <>
          <ArrowUp size={14} strokeWidth={1.8} aria-hidden="true" />
          {counted(recordings, 'recording')}, {bytes(size)} to send
        </>
      ) : (
        <>
          {props.running > 0 ? <RecordingIcon size={14} /> : <Check size={14} strokeWidth={1.8} aria-hidden="true" />}
          {props.running > 0 ? `${counted(props.running, 'recording')} running` : 'All recordings sent'}
        </>
      )}
    </button>
  );
}

function Connection(props: { connection: AppState['connection'] }) {
  const { connection } = props;
  const facts = { 'data-testid': testIds.connection, 'data-state': connection.state };
  switch (connection.state) {
    case 'online':
      return (
        <span className={cx(css.fact, css.calm)} title={`Connected since ${clock(connection.sinceMs)}`} {...facts}>
          <WireIcon size={15} />
          {connection.roundTripMs === null
            ? 'Server connected'
            : `Server ${Math.max(1, Math.round(connection.roundTripMs))} ms`}
        </span>
      );
    case 'connecting':
      return (
        <span className={css.fact} {...facts}>
          <WireIcon size={15} />
          Connecting to the server
        </span>
      );
    case 'offline':
      return (
        <span className={cx(css.fact, css.pressing)} title={connection.problem.message} {...facts}>
          <BrokenLinkIcon size={15} />
          No contact since {clock(connection.sinceMs)}
        </span>
      );
  }
}

export function TitleBar(props: { title: string; state: AppState }) {
  const { sessions } = useServices();
  const unrecorded = useStore(sessions.unrecorded);
  const running = [...useStore(sessions.sessions).values()].filter((session) => session.state.state !== 'ended');
  const without = running.filter((session) => unrecorded.has(session.id)).length;
  return (
    <header className={css.titleBar} data-testid={testIds.titleBar}>
      <span className={css.logo}>
        <LogoIcon size={20} />
      </span>
      <h1 className={css.title}>{props.title}</h1>
      <PaletteField />
      <div className={css.status}>
        {without === 0 ? null : (
          <span className={cx(css.fact, css.unrecorded)}>
            <CircleOff size={14} strokeWidth={1.8} aria-hidden="true" />
            {counted(without, 'session')} not recorded
          </span>
        )}
        <Backlog backlog={props.state.backlog} running={running.length - without} />
        <Connection connection={props.state.connection} />
      </div>
      <WindowButtons />
    </header>
  );
}
