import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** A child of the lab that is stopped, with everything below it, by process id. */
export interface Running {
  name: string;
  pid: number;
  /** Resolves with the exit code, or null after a signal. */
  exited: Promise<number | null>;
  /** Sends SIGTERM to the process and all below it, and SIGKILL to what is left after `graceMs`. */
  stop(graceMs?: number): Promise<void>;
}

export interface StartOptions {
  name: string;
  command: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  onLine?: (line: string) => void;
  onErrorLine?: (line: string) => void;
}

const setpriv = '/usr/bin/setpriv';

/** Linux can end a child with its parent (PR_SET_PDEATHSIG, prctl(2)), so that even SIGKILL of the lab leaves nothing behind. */
export function withParentDeath(command: string, args: string[]): [string, string[]] {
  return existsSync(setpriv) ? [setpriv, ['--pdeathsig', 'TERM', '--', command, ...args]] : [command, args];
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie answers signals but runs no more.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** All processes below `pid`, deepest last. Empty where there is no /proc. */
export function descendantsOf(pid: number): number[] {
  if (!existsSync('/proc/self/stat')) return [];
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      // pid (comm) state ppid ...: comm may hold anything, so read behind its last parenthesis (proc(5)).
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    } catch {
      // It ended while we were reading.
    }
  }
  const found: number[] = [];
  const queue = [pid];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const below = children.get(next) ?? [];
    found.push(...below);
    queue.push(...below);
  }
  return found;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone already, which is what was wanted.
  }
}

/** Resolves when none of `pids` runs any more, or after `limitMs`. */
export async function gone(pids: number[], limitMs: number): Promise<boolean> {
  const end = performance.now() + limitMs;
  while (pids.some(isAlive)) {
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  return true;
}

/** Ends `pid` and everything below it: first politely, then not. */
export async function stopTree(pid: number, graceMs = 5000): Promise<void> {
  const all = [pid, ...descendantsOf(pid)];
  for (const each of all) signal(each, 'SIGTERM');
  if (await gone(all, graceMs)) return;
  const left = [...new Set([...all, ...all.flatMap(descendantsOf)])].filter(isAlive);
  for (const each of left) signal(each, 'SIGKILL');
  await gone(left, 2000);
}

function lines(stream: NodeJS.ReadableStream | null, onLine: ((line: string) => void) | undefined): void {
  if (stream === null) return;
  if (onLine === undefined) stream.resume();
  else createInterface({ input: stream }).on('line', onLine);
}

export function startProcess(options: StartOptions): Running {
  const [command, args] = withParentDeath(options.command, options.args);
  const child: ChildProcess = spawn(command, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: Ctrl+C is for the lab, which stops its parts in order.
    detached: true,
  });
  const exited = new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      options.onErrorLine?.(`${options.name} did not start: ${error.message}`);
      resolve(-1);
    });
    child.once('exit', (code) => resolve(code));
  });
  lines(child.stdout, options.onLine);
  lines(child.stderr, options.onErrorLine);
  const pid = child.pid ?? -1;
  return {
    name: options.name,
    pid,
    exited,
    async stop(graceMs = 5000) {
      if (pid > 0 && child.exitCode === null && child.signalCode === null) await stopTree(pid, graceMs);
      if (pid > 0) await exited;
    },
  };
}

/** Runs a program to its end and collects what it says. Never throws for an exit code. */
export function runProgram(
  command: string,
  args: string[],
  options: { env?: NodeJS.ProcessEnv; input?: Uint8Array | string; cwd?: string; timeoutMs?: number } = {},
): Promise<{ code: number; stdout: Buffer; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: options.timeoutMs ?? 120_000,
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code: code ?? -1, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString('utf8') });
    });
    // A program that reads no input may be gone before we have written it.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}
