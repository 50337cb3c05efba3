import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { spawn as spawnPty } from 'node-pty';
import { cacheFolder } from '../../scripts/lib/paths.mjs';
import { openRecorder } from '../../src/session/recorder/open-recorder.ts';
import { makeRecordingWorld } from '../integration/recording-fixture.ts';
import { type Bench, type Measure, median } from './measure.ts';
import { buildLog } from './workloads.ts';

const keysPerSecond = 8;

/** How much of everything. */
const whole = { runs: 5, floodBytes: 100_000_000, typingSeconds: 20 };
const short = { runs: 2, floodBytes: 20_000_000, typingSeconds: 5 };

/** As `npm run asciinema` builds it. */
const asciinema3 = path.join(cacheFolder(), 'asciinema', 'bin', 'asciinema');

function has(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

/** A coloured log of that size. */
function makeLog(bytes: number): Buffer {
  const part = Buffer.from(
    buildLog(3, 2_000_000)
      .map(([, , text]) => text)
      .join(''),
  );
  return Buffer.concat(Array.from({ length: Math.ceil(bytes / part.length) }, () => part)).subarray(0, bytes);
}

async function ourFlood(log: Buffer): Promise<number> {
  const world = await makeRecordingWorld();
  try {
    const began = performance.now();
    const recorder = await openRecorder(world.options);
    for (let at = 0; at < log.length; at += 65_536) {
      recorder.output(log.subarray(at, at + 65_536));
      await recorder.drained();
      // As in a session, where other work of the loop has its turn.
      if (at % 1_048_576 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await recorder.close({ kind: 'exit', status: 0, signal: null });
    return log.length / 1e6 / ((performance.now() - began) / 1000);
  } finally {
    rmSync(world.folder, { recursive: true, force: true });
  }
}

/** A recording program around `cat`, in a terminal whose output is read as fast as it comes. */
function peerFlood(file: string, args: readonly string[], bytes: number): Promise<number> {
  return new Promise((resolve) => {
    const began = performance.now();
    const pty = spawnPty(
      args[0] ?? '',
      args.slice(1).map((each) => each.replace('LOG', file)),
      { cols: 120, rows: 36 },
    );
    pty.onData(() => undefined);
    pty.onExit(() => resolve(bytes / 1e6 / ((performance.now() - began) / 1000)));
  });
}

/** Seconds of CPU that a process and its children have used (proc_pid_stat(5): utime to cstime, in hundredths). */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100;
}

const line = 'systemctl status nginx && tail -n 40 /var/log/syslog ';

async function ourTyping(typingSeconds: number): Promise<number> {
  const world = await makeRecordingWorld();
  try {
    const recorder = await openRecorder(world.options);
    const idle = await cpuShare(async () => pause(2000));
    const typing = await cpuShare(async () => {
      for (let key = 0; key < typingSeconds * keysPerSecond; key += 1) {
        const data = Buffer.from(line[key % line.length] ?? ' ');
        recorder.input(data);
        recorder.output(data);
        await pause(1000 / keysPerSecond);
      }
    });
    await recorder.close({ kind: 'exit', status: 0, signal: null });
    return typing - idle;
  } finally {
    rmSync(world.folder, { recursive: true, force: true });
  }
}

/** Percent of a core that this process uses meanwhile. */
async function cpuShare(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  const began = performance.now();
  await work();
  const { user, system } = process.cpuUsage(before);
  return ((user + system) / 1000 / (performance.now() - began)) * 100;
}

/** Percent of a core of a recording program around a `cat` that echoes what is typed. */
async function peerTyping(args: readonly string[], typingSeconds: number): Promise<number> {
  const pty = spawnPty(args[0] ?? '', args.slice(1), { cols: 120, rows: 36 });
  pty.onData(() => undefined);
  await pause(1500);
  const before = cpuSeconds(pty.pid);
  const began = performance.now();
  for (let key = 0; key < typingSeconds * keysPerSecond; key += 1) {
    pty.write(line[key % line.length] ?? ' ');
    await pause(1000 / keysPerSecond);
  }
  const share = ((cpuSeconds(pty.pid) - before) / ((performance.now() - began) / 1000)) * 100;
  const exited = new Promise((resolve) => pty.onExit(resolve));
  pty.write('\r\x04');
  await exited;
  return share;
}

export const recorder: Bench = {
  name: 'recorder',
  what: 'what recording costs: MB/s under a flood, and the share of a core while somebody types',
  async run(say, { quick }) {
    const { runs, floodBytes, typingSeconds } = quick ? short : whole;
    const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-bench-'));
    try {
      const file = path.join(folder, 'log');
      const log = makeLog(floodBytes);
      writeFileSync(file, log);
      const kept = (name: string) => path.join(folder, name);
      const peers = [
        {
          name: 'script',
          program: 'script',
          flood: ['script', '-q', '-f', '-c', 'cat LOG', kept('s')],
          type: ['script', '-q', '-f', '-c', 'cat', kept('s')],
        },
        {
          name: 'asciinema 2 rec',
          program: 'asciinema',
          flood: ['asciinema', 'rec', '-q', '--overwrite', '-c', 'cat LOG', kept('a.cast')],
          type: ['asciinema', 'rec', '-q', '--stdin', '--overwrite', '-c', 'cat', kept('a.cast')],
        },
        {
          name: 'asciinema 3 rec',
          program: asciinema3,
          flood: [asciinema3, 'rec', '-q', '--overwrite', '-c', 'cat LOG', kept('b.cast')],
          type: [asciinema3, 'rec', '-q', '-I', '--overwrite', '-c', 'cat', kept('b.cast')],
        },
        {
          name: 'ttyrec (output alone)',
          program: 'ttyrec',
          flood: ['ttyrec', '-e', 'cat LOG', kept('t')],
          type: ['ttyrec', '-e', 'cat', kept('t')],
        },
      ].filter((peer) => {
        if (has(peer.program)) return true;
        say(`${peer.name} is not on this machine: left out`);
        return false;
      });
      const flood: Measure = {
        name: 'recorder under flood',
        unit: 'MB/s',
        ours: [],
        peers: peers.map(({ name }) => ({ name, values: [] })),
        goal: "at least the screen's own rate",
        met: null,
      };
      const typing: Measure = {
        name: 'CPU while typing',
        unit: '% of a core',
        ours: [],
        peers: peers.map(({ name }) => ({ name, values: [] })),
        goal: '0.2 % of a core',
        met: null,
        note: `${keysPerSecond} keys a second, input and echo`,
      };
      for (let round = 0; round < runs; round += 1) {
        flood.ours.push(await ourFlood(log));
        for (const [index, peer] of peers.entries())
          flood.peers[index]?.values.push(await peerFlood(file, peer.flood, log.length));
        say(`flood, round ${round + 1} of ${runs}`);
      }
      for (let round = 0; round < runs; round += 1) {
        typing.ours.push(await ourTyping(typingSeconds));
        for (const [index, peer] of peers.entries())
          typing.peers[index]?.values.push(await peerTyping(peer.type, typingSeconds));
        say(`typing, round ${round + 1} of ${runs}`);
      }
      typing.met = median(typing.ours) <= 0.2;
      return [flood, typing];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
