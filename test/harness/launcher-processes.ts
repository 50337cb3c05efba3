import { readFileSync } from 'node:fs';
import type { DrivenLauncher } from '../../src/lab/launcher/drive-launcher.ts';
import { descendantsOf } from '../../src/lab/processes.ts';

export interface LauncherProcess {
  pid: number;
  /** Electron's words: Browser, Tab, Utility, GPU ... */
  type: string;
  service: string;
}

/** Electron's own list of its processes. */
export async function launcherProcesses(launcher: DrivenLauncher): Promise<LauncherProcess[]> {
  return launcher.app.evaluate(({ app }) =>
    app
      .getAppMetrics()
      .map((each) => ({ pid: each.pid, type: each.type, service: each.name ?? each.serviceName ?? '' })),
  );
}

/** The session processes that run now, oldest first: the newest may be the spare that waits for the next session. */
export async function sessionProcesses(launcher: DrivenLauncher): Promise<number[]> {
  const all = await launcherProcesses(launcher);
  return all
    .filter((each) => each.type === 'Utility' && /session/i.test(each.service))
    .map((each) => each.pid)
    .sort((one, other) => one - other);
}

export async function rendererProcess(launcher: DrivenLauncher): Promise<number> {
  const page = (await launcherProcesses(launcher)).find((each) => each.type === 'Tab');
  if (page === undefined) throw new Error('the launcher has no page');
  return page.pid;
}

/** Every process of the launcher, its zygotes included: Electron's list leaves those out. */
export function allPids(launcher: DrivenLauncher): number[] {
  return [launcher.pid, ...descendantsOf(launcher.pid)];
}

/** One field of /proc/PID/status. */
export function statusOf(pid: number, field: string): string {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${field}:`));
  return line?.slice(field.length + 1).trim() ?? '';
}

/** Resident memory in bytes. */
export function residentBytes(pid: number): number {
  return Number.parseInt(statusOf(pid, 'VmRSS'), 10) * 1024;
}
