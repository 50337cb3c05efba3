// Composition root of the launcher's main process.
import { existsSync, mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import {
  app,
  type BrowserWindow,
  clipboard,
  dialog,
  MessageChannelMain,
  nativeTheme,
  net,
  powerMonitor,
  safeStorage,
  screen,
  shell,
} from 'electron';
import type { OwnerToReplay } from '../shared/protocol/replay.ts';
import type { OwnerToSession } from '../shared/protocol/session-control.ts';
import { DesktopSide } from './desktop-side.ts';
import { IdentityService } from './identity/identity.ts';
import { type Keyring, KeyStore } from './identity/key-store.ts';
import { fixedSettings, readManagedPolicy } from './identity/policy-file.ts';
import { makeHandlers } from './ipc/handlers.ts';
import { WindowLink } from './ipc/window-link.ts';
import { readLaunchOptions } from './launch-options.ts';
import { Launcher } from './launcher.ts';
import { openLink } from './links.ts';
import { makeLog } from './log.ts';
import { MemoryStore } from './memory/memory.ts';
import { QuitFlow } from './quit.ts';
import { SettingsStore } from './settings/settings.ts';
import { forkUtility } from './utility-process.ts';
import { registerAppScheme, serveAppFiles } from './windows/app-protocol.ts';
import { DetachedWindows } from './windows/detached-window.ts';
import { denyPermissions, guardAllPages } from './windows/guards.ts';
import { backgroundNow, openMainWindow } from './windows/main-window.ts';
import { saveAs } from './windows/save-as.ts';

const log = makeLog();
const options = readLaunchOptions(process.argv.slice(1), app.isPackaged);
const built = import.meta.dirname;

if (options.userDataDir !== null) {
  mkdirSync(options.userDataDir, { recursive: true, mode: 0o700 });
  app.setPath('userData', options.userDataDir);
}
if (!options.noSandbox) app.enableSandbox();
registerAppScheme();
const icon = join(built, '..', '..', 'assets', 'icons', 'icon-512.png');
const detached = new DetachedWindows(
  () => ({ icon, background: backgroundNow() }),
  () => screen.getAllDisplays().map((display) => display.workArea),
);
guardAllPages(log, detached);

/** How often main looks whether the machine has a network again. */
const networkLookMs = 2000;

/** safeStorage keeps its promise only with a real keyring behind it; `basic_text` is obfuscation with a key that everybody knows. */
const keyring: Keyring = {
  isReal: () =>
    safeStorage.isEncryptionAvailable() &&
    (process.platform !== 'linux' || !['basic_text', 'unknown'].includes(safeStorage.getSelectedStorageBackend())),
  encrypt: (text) => safeStorage.encryptString(text),
  decrypt: (bytes) => safeStorage.decryptString(Buffer.from(bytes)),
};

async function run(): Promise<void> {
  await app.whenReady();
  const folder = app.getPath('userData');
  denyPermissions();
  serveAppFiles(join(built, '..', 'renderer', 'main_window'));

  const managed = await readManagedPolicy(options.policyFile);
  const link = new WindowLink();
  const deviceName = hostname().slice(0, 100) || 'device';
  let window: BrowserWindow | null = null;
  let desktopSide: DesktopSide | null = null;

  const settings = new SettingsStore({
    path: join(folder, 'settings.json'),
    fixed: fixedSettings(managed),
    onChange: (changed) => {
      nativeTheme.themeSource = changed.theme;
      desktopSide?.settingsChanged(changed);
      link.send('settings.changed', changed);
    },
  });
  nativeTheme.themeSource = (await settings.load()).theme;
  const memory = new MemoryStore({
    path: join(folder, 'memory.json'),
    onChange: (changed) => link.send('memory.changed', changed),
  });
  await memory.load();

  const launcher = new Launcher({
    folder,
    version: app.getVersion(),
    electron: process.versions.electron ?? '',
    platform: process.platform,
    managed,
    identity: new IdentityService({
      folder,
      keys: new KeyStore({ folder, keyring }),
      managed,
      deviceName,
    }),
    forkSession: () => forkUtility<OwnerToSession>(join(built, 'session.cjs'), 'sallyport-session'),
    forkReplay: () => forkUtility<OwnerToReplay>(join(built, 'replay.cjs'), 'sallyport-replay'),
    // After the first list is drawn; and when the session that took the last one is open.
    spares: { firstMs: 500, nextMs: 3000 },
    log,
    window: {
      appState: (state) => {
        link.send('app.state', state);
        desktopSide?.appState(state);
      },
      sessions: (sessions) => {
        link.send('sessions.changed', { sessions });
        desktopSide?.sessions(sessions);
      },
      targetsChanged: () => link.send('targets.changed', {}),
      recordingsChanged: () => link.send('recordings.changed', {}),
      openPort: (kind, id) => {
        const { port1, port2 } = new MessageChannelMain();
        link.sendPort({ type: 'sallyport-port', kind, id }, port2);
        return port1;
      },
    },
  });

  launcher.state.update({ fixed: fixedSettings(managed) });

  const showWindow = () => {
    if (window === null || window.isDestroyed()) return;
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
  };
  desktopSide = new DesktopSide({
    built,
    icon: existsSync(icon) ? icon : '',
    settings: () => settings.get(),
    facts: () => {
      const { enrolment } = launcher.state.get();
      const server = enrolment.state === 'enrolled' ? enrolment.address : '';
      return { device: deviceName, server, organisation: managed?.organisation ?? '' };
    },
    showWindow,
    command: (id, session) => link.send('command', { id, session }),
    writeText: (text) => void clipboard.writeText(text),
    log,
  });
  app.on('will-quit', () => desktopSide?.dispose());

  const quit = new QuitFlow({
    running: () => launcher.supervisor.runningCount(),
    ask: (sessions) => {
      launcher.state.update({ quitAsked: sessions === null ? null : { sessions } });
      // The question stands in that window, which may be minimised or behind those of detached sessions.
      if (sessions !== null) showWindow();
    },
    finish: () => launcher.finish(),
    quit: () => app.quit(),
  });
  app.on('before-quit', (event) => {
    if (!quit.mayQuit()) event.preventDefault();
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => quit.answer('quit'));

  link.serve(
    makeHandlers({
      launcher,
      settings,
      memory,
      desktop: {
        // A promise since Electron 4x, a string before.
        clipboardRead: async () => await clipboard.readText(),
        clipboardWrite: async (text) => await clipboard.writeText(text),
        minimise: () => window?.minimize(),
        toggleMaximise: () => (window?.isMaximized() === true ? window.unmaximize() : window?.maximize()),
        close: () => window?.close(),
        front: showWindow,
        openLink: (url) => openLink(url, (address) => shell.openExternal(address)),
        openAbout: () => desktopSide?.openAbout(),
        saveAs: (name) => saveAs(window, name, options.exportFolder),
        answerQuit: (answer) => quit.answer(answer),
      },
    }),
    log,
  );

  app.on('second-instance', showWindow);
  powerMonitor.on('resume', () => launcher.resumed());
  // Electron has no event for it in main.
  let networked = net.isOnline();
  setInterval(() => {
    const now = net.isOnline();
    if (now && !networked) void launcher.networkBack();
    networked = now;
  }, networkLookMs).unref();

  // The screen does not wait for the network, and the network not for the screen.
  const starting = launcher.start(options.enrol);
  window = await openMainWindow({
    preload: join(built, 'preload.cjs'),
    icon,
    statePath: join(folder, 'window.json'),
    testHooks: options.testHooks,
    onOpen: (opened) => {
      link.setWindow(opened);
      detached.setMain(opened);
    },
  });
  window.on('close', (event) => {
    if (quit.mayQuit()) return;
    event.preventDefault();
  });
  window.webContents.on('render-process-gone', (_event, details) => {
    log('page.gone', { because: details.reason });
    launcher.pageLost();
    if (details.reason !== 'clean-exit') window?.webContents.reload();
  });
  app.on('window-all-closed', () => app.quit());
  await starting;
}

if (!app.requestSingleInstanceLock()) {
  app.quit();
} else {
  run().catch((error: unknown) => {
    log('start.failed', { kind: error instanceof Error ? error.name : typeof error });
    dialog.showErrorBox(
      'Sallyport cannot start',
      error instanceof Error ? error.message : 'Something failed inside Sallyport. Start it again.',
    );
    app.exit(1);
  });
}
