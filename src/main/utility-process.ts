import { type UtilityProcess, utilityProcess } from 'electron';
import type { Forked } from './forked.ts';

/** What a child needs of the environment; nothing else is inherited, so no secret in ours reaches it and NODE_OPTIONS does not act. */
const passedOn = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'SystemRoot', 'TEMP', 'TMP'];

function bareEnvironment(): Record<string, string> {
  // Node's notes about experimental features are for nobody who would see them here.
  const out: Record<string, string> = { NODE_NO_WARNINGS: '1' };
  for (const name of passedOn) {
    const value = process.env[name];
    if (value !== undefined) out[name] = value;
  }
  return out;
}

/** Starts `entry` (an absolute path of a built bundle) as a utility process. Messages sent before it listens are kept for it. */
export function forkUtility<Out>(entry: string, serviceName: string): Forked<Out> {
  const child: UtilityProcess = utilityProcess.fork(entry, [], {
    serviceName,
    env: bareEnvironment(),
    execArgv: [],
    stdio: 'inherit',
  });
  let gone = false;
  child.on('exit', () => {
    gone = true;
  });
  return {
    get pid() {
      return child.pid;
    },
    send: (message, port) => {
      if (!gone) child.postMessage(message, port === undefined ? [] : [port]);
    },
    onMessage: (listener) => {
      child.on('message', listener);
    },
    onExit: (listener) => {
      child.on('exit', listener);
    },
    sigkill: () => {
      if (gone) return;
      // Electron's own kill() ends it with SIGTERM and code 0, and waits 2 s on a stopped process.
      const { pid } = child;
      if (pid === undefined) child.once('spawn', () => child.pid !== undefined && kill(child.pid));
      else kill(pid);
    },
  };
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has just gone by itself.
  }
}
