import { useEffect } from 'react';
import type { Command } from '../../commands/command.ts';
import { type Services, useServices } from '../../services/services.tsx';
import { activeSession, shownEarlier } from '../../services/session-ui.ts';
import type { ScreenCommands } from '../../terminal/screen-commands.ts';
import type { TerminalScreen } from '../../terminal/terminal-screen.ts';
import { copyOutput } from './command-marks.tsx';
import { neverOpened } from './words.ts';

/** The screen in front, where there is one to look at. */
function screenInFront(services: Services): TerminalScreen | null {
  const { sessions, sessionUi } = services;
  const active = activeSession(sessions);
  if (active === null) return null;
  const earlier = shownEarlier(sessions, active.tab, sessionUi.state.get().earlierShown);
  if (earlier === undefined && neverOpened(active.view)) return null;
  return sessions.terminal(earlier ?? active.view.id).screen;
}

/**
 * What can be done on a terminal's screen. Jumps are Ctrl Shift PageUp and PageDown, as in other terminals; Ctrl Shift ArrowUp, which some take for it,
 * leaves the terminal here.
 */
function terminalCommands(services: Services, inFront: () => boolean): Command[] {
  const screen = () => (inFront() ? screenInFront(services) : null);
  const { settings, sessionUi, app } = services;
  const each = { group: 'terminal', inTerminal: true } as const;
  const hasCommands = () => screen()?.commands?.any() === true;
  const withMeant = (act: (commands: ScreenCommands, id: number, on: TerminalScreen) => void) => () => {
    const on = screen();
    const id = on?.commands?.meant() ?? null;
    if (on?.commands != null && id !== null) act(on.commands, id, on);
  };
  const toggles = (key: 'screenReader' | 'highlight', title: string): Command => ({
    ...each,
    id: `terminal.${key === 'screenReader' ? 'screen-reader' : 'highlight'}`,
    title,
    keys: [],
    inTerminal: false,
    available: () => app.state.get()?.fixed?.settings[key] === undefined,
    run: () => settings.change({ [key]: !settings.settings.get()[key] }),
  });
  return [
    {
      ...each,
      id: 'terminal.previous-command',
      title: 'Previous command on the screen',
      short: 'previous command',
      keys: ['Ctrl Shift PageUp'],
      available: hasCommands,
      run: () => screen()?.commands?.previous(),
    },
    {
      ...each,
      id: 'terminal.next-command',
      title: 'Next command on the screen',
      keys: ['Ctrl Shift PageDown'],
      available: hasCommands,
      run: () => screen()?.commands?.next(),
    },
    {
      ...each,
      id: 'terminal.copy-output',
      title: 'Copy the output of a command',
      short: 'copy output',
      keys: ['Ctrl Shift O'],
      available: hasCommands,
      run: withMeant((commands, id, on) => {
        commands.show(id);
        copyOutput(on, id, sessionUi.copyText);
      }),
    },
    {
      ...each,
      id: 'terminal.copy-command',
      title: 'Copy the command itself',
      keys: [],
      available: hasCommands,
      run: withMeant((commands, id) => sessionUi.copyText(commands.command(id))),
    },
    {
      ...each,
      id: 'terminal.select-output',
      title: 'Select the output of a command',
      keys: [],
      available: hasCommands,
      run: withMeant((commands, id) => {
        commands.show(id);
        commands.selectOutput(id);
      }),
    },
    {
      ...each,
      id: 'terminal.command-menu',
      title: 'What to do with a command',
      keys: ['Ctrl Shift K'],
      available: hasCommands,
      run: withMeant((commands, id) => commands.openMenu(id)),
    },
    {
      ...each,
      id: 'terminal.links',
      title: 'Links on this screen',
      keys: ['Ctrl Shift J'],
      available: () => screen() !== null,
      run: () => screen()?.linksListed.set(true),
    },
    {
      ...each,
      id: 'terminal.select-all',
      title: 'Select everything in the terminal',
      keys: [],
      available: () => screen() !== null,
      run: () => screen()?.selectAll(),
    },
    toggles('highlight', 'Colour words in the terminal, or not'),
    toggles('screenReader', 'Screen-reader mode of the terminal, on or off'),
  ];
}

/** Offers the commands of the terminal in front. `inFront` says whether keys mean a terminal now; it must stay the same function. */
export function useTerminalCommands(inFront: (services: Services) => boolean): void {
  const services = useServices();
  const { commands } = services;
  useEffect(
    () => commands.register(terminalCommands(services, () => inFront(services))),
    [commands, services, inFront],
  );
}
