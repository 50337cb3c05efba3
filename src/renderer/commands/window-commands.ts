import { defaultSettings } from '../../shared/protocol/ipc.ts';
import type { ViewName } from '../services/navigation.ts';
import type { Services } from '../services/services.tsx';
import type { Command } from './command.ts';

const always = () => true;
const goTo: Record<Exclude<ViewName, 'settings'>, string> = {
  targets: 'Go to targets',
  sessions: 'Go to sessions',
  history: 'Go to my history',
  recordings: 'Go to recordings',
};

function viewCommands(services: Services, views: readonly Exclude<ViewName, 'settings'>[]): Command[] {
  return views.map((view, index) => ({
    id: `view.${view}`,
    title: goTo[view],
    group: 'general',
    keys: [`Ctrl Shift ${index + 1}`],
    inTerminal: true,
    available: always,
    run: () => services.navigation.go(view),
  }));
}

function textCommands({ settings, app }: Services): Command[] {
  const open = () => app.state.get()?.fixed?.settings.fontSize === undefined;
  const size = (by: number) => {
    const { fontSize } = settings.settings.get();
    settings.change({ fontSize: Math.min(32, Math.max(9, fontSize + by)) });
  };
  return [
    {
      id: 'text.larger',
      title: 'Larger terminal text',
      group: 'general',
      keys: ['Ctrl +', 'Ctrl ='],
      inTerminal: true,
      available: open,
      run: () => size(1),
    },
    {
      id: 'text.smaller',
      title: 'Smaller terminal text',
      group: 'general',
      keys: ['Ctrl -'],
      inTerminal: true,
      available: open,
      run: () => size(-1),
    },
    {
      id: 'text.reset',
      title: 'Terminal text as it was made',
      group: 'general',
      keys: ['Ctrl 0'],
      inTerminal: true,
      available: open,
      run: () => settings.change({ fontSize: defaultSettings.fontSize }),
    },
  ];
}

function lookCommands({ settings, app }: Services): Command[] {
  const fixed = () => app.state.get()?.fixed?.settings;
  return [
    {
      id: 'theme.toggle',
      title: 'Dark or light',
      group: 'general',
      keys: ['Ctrl Shift L'],
      inTerminal: true,
      available: () => fixed()?.theme === undefined,
      run: () => settings.change({ theme: settings.scheme.get() === 'dark' ? 'light' : 'dark' }),
    },
    {
      id: 'density.toggle',
      title: 'Compact or comfortable rows',
      group: 'general',
      keys: [],
      inTerminal: false,
      available: () => fixed()?.density === undefined,
      run: () =>
        settings.change({ density: settings.settings.get().density === 'compact' ? 'comfortable' : 'compact' }),
    },
  ];
}

/** The commands that hold wherever the person is. `views`: those that this person has, in the order of the rail. */
export function windowCommands(services: Services, views: readonly Exclude<ViewName, 'settings'>[]): Command[] {
  const { navigation, app, bridge } = services;
  const general = (
    id: string,
    title: string,
    keys: string[],
    run: () => void,
    inTerminal: Command['inTerminal'] = false,
  ) => ({
    id,
    title,
    group: 'general' as const,
    keys,
    inTerminal,
    available: always,
    run,
  });
  return [
    // Ctrl K kills a line in every shell, so a terminal keeps it.
    general('palette.open', 'Command palette', ['Ctrl K', 'Ctrl Shift P'], () => navigation.openPalette(''), [
      'Ctrl Shift P',
    ]),
    ...viewCommands(services, views),
    general('session.new', 'New session', ['Ctrl Shift T'], () => navigation.newSession(), true),
    general('view.settings', 'Settings', ['Ctrl ,'], () => navigation.openSettings(null)),
    general('keys.open', 'All keys', ['F1', '?', 'Ctrl Shift H'], () => navigation.setDialog('keys'), ['Ctrl Shift H']),
    general('panel.toggle', 'Details beside the list', ['Ctrl .'], () =>
      navigation.setSheet(!navigation.place.get().sheet),
    ),
    ...lookCommands(services),
    ...textCommands(services),
    general('backlog.open', 'Recordings to send', [], () => navigation.setDialog('backlog')),
    general('backlog.retry', 'Connect and send now', [], () => app.retry()),
    general('settings.keyboard', 'Settings: keyboard', [], () => navigation.openSettings('keyboard')),
    general('settings.terminal', 'Settings: terminal', [], () => navigation.openSettings('terminal')),
    general('settings.device', 'Settings: this device', [], () => navigation.openSettings('device')),
    general('person.open', 'Who you are', [], () => navigation.setDialog('person')),
    general('about.open', 'Versions and licences', [], () => void bridge.request('about.open', {})),
    general('window.minimise', 'Minimise the window', [], () => app.windowDo('minimise')),
    general('window.maximise', 'Maximise the window', [], () => app.windowDo('maximise')),
    general('window.close', 'Close the window', [], () => app.windowDo('close')),
  ];
}
