import './zod-setup.ts';
import '@mantine/core/styles.layer.css';
import '@xterm/xterm/css/xterm.css';
import './styles/fonts.css';
import './styles/tokens.css';
import './styles/base.css';
import { createRoot } from 'react-dom/client';
import { App } from './app/app.tsx';
import { makeTestHooks } from './app/test-hooks.ts';
import { makeCommands } from './commands/command.ts';
import { isCommandKey } from './commands/use-commands.ts';
import { makeAppService } from './services/app-service.ts';
import { makeBridge } from './services/bridge.ts';
import { makeConnectService } from './services/connect-service.ts';
import { keepLayout } from './services/layout-keeper.ts';
import { makeMemoryService } from './services/memory-service.ts';
import { makeNavigation } from './services/navigation.ts';
import { makePorts } from './services/ports.ts';
import { makeRecordingsService } from './services/recordings-service.ts';
import { type Services, ServicesProvider } from './services/services.tsx';
import { makeSessionUi } from './services/session-ui.ts';
import { makeSessionsService, type SessionsService } from './services/sessions-service.ts';
import { makeSettingsService } from './services/settings-service.ts';
import { makeStore } from './services/store.ts';
import { makeTargetsService } from './services/targets-service.ts';
import { expectedCells } from './terminal/cells.ts';
import { TerminalScreen } from './terminal/terminal-screen.ts';

function makeServices(): Services {
  const bridge = makeBridge(window.sallyport);
  const ports = makePorts(window);
  const app = makeAppService(bridge);
  const commands = makeCommands();
  const settings = makeSettingsService(bridge, window.matchMedia('(prefers-color-scheme: light)'));
  const sessions: SessionsService = makeSessionsService({
    bridge,
    ports,
    makeScreen: () =>
      new TerminalScreen({
        scheme: settings.scheme.get(),
        fontSize: settings.settings.get().fontSize,
        cells: null,
        scrollback: settings.settings.get().scrollback,
        settings: settings.settings.get(),
        isReserved: (event) => isCommandKey({ app, sessions, commands }, event),
      }),
    expectedSize: () => expectedCells(window, settings.settings.get().fontSize),
  });
  const navigation = makeNavigation();
  return {
    bridge,
    ports,
    app,
    settings,
    memory: makeMemoryService(bridge),
    commands,
    sessions,
    sessionUi: makeSessionUi({ sessions, app, settings }),
    connect: makeConnectService({ sessions, navigation }),
    targets: makeTargetsService(bridge),
    recordings: makeRecordingsService(bridge),
    navigation,
    replayScreen: makeStore<TerminalScreen | null>(null),
  };
}

/** A terminal measures its font when it opens: the fonts must be there before the first one does. */
async function loadFonts(): Promise<void> {
  const faces = ['13px "Commit Mono"', 'bold 13px "Commit Mono"', '13px "Instrument Sans Variable"'];
  await Promise.allSettled(faces.map((face) => document.fonts.load(face)));
}

async function start(): Promise<void> {
  const root = document.getElementById('root');
  if (root === null) throw new Error('the page has no #root');
  const services = makeServices();
  await Promise.all([
    loadFonts(),
    services.settings.load(),
    services.memory.load(),
    // The longest answer is asked for first: it is on its way while the fonts load.
    services.app.load().then(() => {
      if (services.app.state.get()?.enrolment.state === 'enrolled') void services.targets.load(false);
    }),
    services.sessions.load(),
  ]);
  keepLayout(services);
  // Before the first paint: the page must not flash in the other scheme.
  document.documentElement.dataset.mantineColorScheme = services.settings.scheme.get();
  if (new URLSearchParams(location.search).has('test')) window.__sallyportTest = makeTestHooks(services);
  createRoot(root).render(
    <ServicesProvider services={services}>
      <App />
    </ServicesProvider>,
  );
}

void start();
