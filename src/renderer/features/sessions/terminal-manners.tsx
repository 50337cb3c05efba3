import { useEffect } from 'react';
import type { SessionView } from '../../../shared/protocol/ipc.ts';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import type { ScreenCommands } from '../../terminal/screen-commands.ts';
import type { TerminalScreen } from '../../terminal/terminal-screen.ts';
import { CommandGutter } from './command-marks.tsx';
import { LinkDialog } from './link-dialog.tsx';
import { LinkList } from './link-list.tsx';

/** What a screen reader says of the place where one types. */
function labelOf(view: SessionView): string {
  const state =
    view.state.state === 'open'
      ? 'recording'
      : view.state.state === 'frozen'
        ? 'frozen, nothing typed is sent'
        : view.state.state === 'ended'
          ? 'ended'
          : 'connecting';
  const where = `${view.production ? 'production target ' : ''}${view.targetName} as ${view.login}`;
  return `Terminal of ${where}, ${state}. Control Shift Up leaves it.`;
}

/** Tells a screen reader how the last command ended; what it printed xterm tells itself. */
function Announcer(props: { commands: ScreenCommands }) {
  const ended = useStore(props.commands.ended);
  const words =
    ended === null || ended.status === null
      ? ''
      : ended.status === 0
        ? `${ended.command.slice(0, 80)}: done`
        : `${ended.command.slice(0, 80)}: ended with status ${ended.status}`;
  return (
    <span className="visually-hidden" role="status">
      {words}
    </span>
  );
}

/**
 * What belongs to one screen and is no cell of it: ticks of commands, the link that is asked for, the list of links, and what a screen reader is told. Stands
 * in the same box as the terminal.
 */
export function TerminalManners(props: { screen: TerminalScreen; view: SessionView; shown: boolean }) {
  const { settings } = useServices();
  const { screenReader } = useStore(settings.settings);
  const { screen, view } = props;
  const label = labelOf(view);
  useEffect(() => screen.setLabel(label), [screen, label]);
  if (!props.shown) return null;
  return (
    <>
      <CommandGutter screen={screen} />
      <LinkDialog screen={screen} view={view} />
      <LinkList screen={screen} />
      {screenReader && screen.commands !== null ? <Announcer commands={screen.commands} /> : null}
    </>
  );
}
