import { useEffect } from 'react';
import type { ViewName } from '../services/navigation.ts';
import { type Services, useServices } from '../services/services.tsx';
import { activeSession } from '../services/session-ui.ts';
import { commandFor, type KeyContext, keyContext } from './dispatch.ts';
import type { KeyPress } from './keys.ts';
import { sessionCommands } from './session-commands.ts';
import { windowCommands } from './window-commands.ts';

/** Whether the window runs on macOS, where Ctrl of a command is Command. */
export function isMac(app: Services['app']): boolean {
  return app.state.get()?.platform === 'darwin';
}

/** Where keys would go now. */
export function contextOf(services: Pick<Services, 'app' | 'navigation' | 'sessions'>): KeyContext {
  const inSessions = services.navigation.place.get().view === 'sessions';
  // Outside Sessions a terminal is a replay's screen, which takes no keys.
  const ended = !inSessions || activeSession(services.sessions)?.view.state.state === 'ended';
  return keyContext(document, { mac: isMac(services.app), ended });
}

/** True when a key in a session's terminal is a command of the window, so that the terminal leaves it alone. */
export function isCommandKey(services: Pick<Services, 'app' | 'sessions' | 'commands'>, press: KeyPress): boolean {
  const ended = activeSession(services.sessions)?.view.state.state === 'ended';
  const context: KeyContext = {
    mac: isMac(services.app),
    terminal: !ended,
    typing: ended,
    control: false,
    dialog: false,
  };
  return commandFor(press, services.commands.all.get(), context) !== null;
}

/** Runs what main asks for: a menu, the tray, a notification. `session`: the launcher's id of the tab that it is about. */
export function runFromMain(
  services: Pick<Services, 'sessions' | 'navigation' | 'commands'>,
  event: { id: string; session: string | null },
): void {
  const { sessions, navigation, commands } = services;
  if (event.session !== null) {
    const tab = sessions.tabs.get().tabs.find((each) => each.sessionId === event.session);
    if (tab === undefined) return;
    sessions.show(tab.key);
    navigation.go('sessions');
  }
  if (event.id !== 'session.show') commands.run(event.id);
}

/** Registers the window's own commands, hears the keys of all of them before anything else does, and does what main asks for. `views` must stay the same array while it says the same. */
export function useCommands(views: readonly Exclude<ViewName, 'settings'>[]): void {
  const services = useServices();
  const { commands, bridge } = services;

  useEffect(
    () => commands.register([...windowCommands(services, views), ...sessionCommands(services)], 'base'),
    [commands, services, views],
  );

  useEffect(() => bridge.on('command', (event) => runFromMain(services, event)), [bridge, services]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      // Pressed by nobody: a detached window passes Escape on to the dialogs that listen here.
      if (!event.isTrusted) return;
      const command = commandFor(event, commands.all.get(), contextOf(services));
      if (command === null) return;
      event.preventDefault();
      event.stopPropagation();
      command.run();
    };
    window.addEventListener('keydown', onKey, true);
    return () => window.removeEventListener('keydown', onKey, true);
  }, [services, commands]);
}
