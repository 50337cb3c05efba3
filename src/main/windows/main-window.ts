import { existsSync } from 'node:fs';
import { BrowserWindow, nativeTheme, screen } from 'electron';
import { readJson, writeWhole } from '../files.ts';
import { appOrigin } from './app-files.ts';
import { placeWindow, smallest, windowStateSchema } from './window-state.ts';

/** The page's own background (tokens.css, --wall-0), so that nothing flashes before the first paint. */
const background = { dark: '#10110f', light: '#e7e4db' } as const;

export interface MainWindowOptions {
  preload: string;
  icon: string;
  statePath: string;
  /** Adds `?test` to the page's address. */
  testHooks: boolean;
  /** Runs before the page loads, so that its first request finds its window known. */
  onOpen: (window: BrowserWindow) => void;
}

/** Opens the launcher's one window: frameless, sandboxed, shown when it has something to show. */
export async function openMainWindow(options: MainWindowOptions): Promise<BrowserWindow> {
  const stored = await readJson(options.statePath, windowStateSchema);
  const window = new BrowserWindow({
    ...placeWindow(
      stored,
      screen.getAllDisplays().map((display) => display.workArea),
    ),
    minWidth: smallest.width,
    minHeight: smallest.height,
    title: 'Sallyport',
    show: false,
    // macOS keeps its own traffic lights; elsewhere the page draws the whole title bar.
    ...(process.platform === 'darwin'
      ? { titleBarStyle: 'hidden' as const, trafficLightPosition: { x: 14, y: 12 } }
      : { frame: false }),
    ...(existsSync(options.icon) ? { icon: options.icon } : {}),
    backgroundColor: backgroundNow(),
    webPreferences: {
      preload: options.preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      spellcheck: false,
      devTools: false,
      safeDialogs: true,
      // A terminal in a hidden window still has to acknowledge what it drew.
      backgroundThrottling: false,
    },
  });
  if (stored?.maximised === true) window.maximize();
  window.once('ready-to-show', () => window.show());
  nativeTheme.on('updated', () => {
    if (!window.isDestroyed()) window.setBackgroundColor(backgroundNow());
  });
  rememberPlace(window, options.statePath);
  options.onOpen(window);
  await window.loadURL(`${appOrigin}/index.html${options.testHooks ? '?test' : ''}`);
  return window;
}

/** What a window shows before its page does. */
export function backgroundNow(): string {
  return nativeTheme.shouldUseDarkColors ? background.dark : background.light;
}

function rememberPlace(window: BrowserWindow, path: string): void {
  let timer: NodeJS.Timeout | null = null;
  const keep = () => {
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(() => {
      if (window.isDestroyed()) return;
      const state = { ...window.getNormalBounds(), maximised: window.isMaximized() };
      if (windowStateSchema.safeParse(state).success)
        void writeWhole(path, JSON.stringify(state)).catch(() => undefined);
    }, 400);
  };
  window.on('resize', keep);
  window.on('move', keep);
  window.on('maximize', keep);
  window.on('unmaximize', keep);
}
