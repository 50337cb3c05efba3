import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { ElectronApplication, Page } from '@playwright/test';
import { LabError } from '../lab-error.ts';
import { isAlive, stopTree } from '../processes.ts';
import type { Stage } from './stage.ts';

declare global {
  /** What the launcher's page offers to a driver when it was started with --test-hooks (src/renderer/app/test-hooks.ts). */
  var __sallyportTest: { screenText(id: string): string; replayText(): string } | undefined;
}

/** The real app under a driver: a window to look at and type into. */
export interface DrivenLauncher {
  app: ElectronApplication;
  page: Page;
  /** Electron's main process. */
  pid: number;
  /** The screen's text of a session's terminal; `id` is the launcher's own (data-session-id of its tab). */
  screenText(id: string): Promise<string>;
  replayText(): Promise<string>;
  screenshot(file: string): Promise<string>;
  /** Ends the app and all of its processes, whatever it asks. */
  close(): Promise<void>;
}

export interface DriveOptions {
  stage: Stage;
  userData: string;
  args?: string[];
  env?: Record<string, string>;
  /** Also keep what the app writes to its own output. */
  onOutput?: (text: string) => void;
}

const launchLimitMs = 60_000;

export async function driveLauncher(options: DriveOptions): Promise<DrivenLauncher> {
  const { stage, userData } = options;
  // Loaded only here: the lab alone does without a driver.
  const { _electron } = await import('@playwright/test');
  const environment = Object.fromEntries(
    Object.entries({ ...process.env, ...options.env }).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
  const app = await withoutStrayRejections(() =>
    _electron.launch({
      executablePath: stage.program,
      args: [stage.app, `--user-data-dir=${userData}`, '--test-hooks', ...(options.args ?? [])],
      // A folder that every user may stand in.
      cwd: stage.folder,
      env: environment,
      timeout: launchLimitMs,
    }),
  );
  const child = app.process();
  const pid = child.pid ?? -1;
  child.stdout?.on('data', (chunk) => options.onOutput?.(String(chunk)));
  child.stderr?.on('data', (chunk) => options.onOutput?.(String(chunk)));
  try {
    const page = await app.firstWindow({ timeout: launchLimitMs });
    page.setDefaultTimeout(15_000);
    return {
      app,
      page,
      pid,
      screenText: (id) => page.evaluate((name) => globalThis.__sallyportTest?.screenText(name) ?? '', id),
      replayText: () => page.evaluate(() => globalThis.__sallyportTest?.replayText() ?? ''),
      async screenshot(file) {
        mkdirSync(path.dirname(file), { recursive: true });
        await page.screenshot({ path: file });
        return file;
      },
      close: () => endLauncher(app, pid),
    };
  } catch (error) {
    await endLauncher(app, pid);
    throw error;
  }
}

/**
 * The driver (Playwright 1.65) rejects a second promise of its own, which nobody can take, when the app ends while it is being launched. The first one,
 * which is awaited here, says what happened; the other must not end this process. Throws `LabError`.
 */
async function withoutStrayRejections<T>(launch: () => Promise<T>): Promise<T> {
  const ignore = () => undefined;
  process.on('unhandledRejection', ignore);
  try {
    return await launch();
  } catch (error) {
    throw new LabError(
      'The launcher ended before it had a window.',
      'Start it on a display to see what it says.',
      error,
    );
  } finally {
    setImmediate(() => process.off('unhandledRejection', ignore));
  }
}

async function endLauncher(app: ElectronApplication, pid: number): Promise<void> {
  // Ended from outside and not asked: the window may want to talk about running sessions.
  if (isAlive(pid)) await stopTree(pid, 2000);
  await Promise.race([app.close().catch(() => undefined), new Promise((resolve) => setTimeout(resolve, 3000))]);
}
