import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connectByKeyboard, promptPattern, screenShows } from '../../src/lab/tour/screen.ts';
import { rendererProcess, residentBytes, sessionProcesses } from '../harness/launcher-processes.ts';
import { startSshd } from '../harness/session/sshd.ts';
import { bootWorld } from '../harness/world.ts';
import { certificateLogin } from './certificate-login.ts';
import { type Bench, type Measure, median } from './measure.ts';

/** Proportional set size in bytes: what is shared is counted in parts (proc(5), smaps_rollup). */
function proportionalBytes(pid: number): number {
  const line = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
  return Number(line?.[1] ?? Number.NaN) * 1024;
}

/** Processor time so far, in seconds (proc(5), stat fields 14 and 15, in ticks of 10 ms). */
function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

export const sessionCost: Bench = {
  name: 'session-cost',
  what: 'memory and idle processor time of each open session, beside an ssh process',
  async run(say, { quick }) {
    const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-bench-'));
    const world = await bootWorld();
    const sshd = await startSshd();
    try {
      const launcher = await world.openLauncher();
      const page = await rendererProcess(launcher);
      const pageBefore = proportionalBytes(page);
      const count = quick ? 2 : 8;
      for (let n = 0; n < count; n += 1) {
        const tab = await connectByKeyboard(launcher, 'web-01');
        await screenShows(launcher, tab, promptPattern, 20_000);
      }
      const idleSeconds = quick ? 10 : 60;
      const pids = (await sessionProcesses(launcher)).slice(0, count);
      const before = pids.map(processorSeconds);
      await new Promise((resolve) => setTimeout(resolve, idleSeconds * 1000));
      const idle = pids.map((pid, at) => ((processorSeconds(pid) - (before[at] ?? 0)) / idleSeconds) * 100);
      const resident = pids.map((pid) => residentBytes(pid) / 1e6);
      const own = pids.map((pid) => proportionalBytes(pid) / 1e6);
      const inPage = (proportionalBytes(page) - pageBefore) / count / 1e6;
      say(`${count} sessions: each ${median(own).toFixed(0)} MB of its own, ${inPage.toFixed(1)} MB in the page`);
      const [program = 'ssh', ...args] = certificateLogin(sshd, folder).command;
      const ssh = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] });
      await new Promise<void>((resolve) =>
        ssh.stdout.on('data', (chunk: Buffer) => promptPattern.test(String(chunk)) && resolve()),
      );
      const sshBytes = residentBytes(ssh.pid ?? 0) / 1e6;
      ssh.kill();
      await launcher.close();
      const measures: Measure[] = [
        {
          name: 'session cost, memory',
          unit: 'MB',
          ours: resident,
          peers: [{ name: 'an ssh process', values: [sshBytes] }],
          goal: 'RSS at most 60 MB',
          met: median(resident) <= 60,
          note: `of its own (PSS) ${median(own).toFixed(1)} MB, and ${inPage.toFixed(1)} MB in the page for its terminal`,
        },
        {
          name: 'session cost, idle',
          unit: '% of a core',
          ours: idle,
          peers: [],
          goal: 'said only',
          met: null,
          note: `over ${idleSeconds} s, with a prompt on the screen`,
        },
      ];
      return measures;
    } finally {
      await sshd.stop();
      await world.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
