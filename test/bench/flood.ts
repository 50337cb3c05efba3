import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'vite';
import { connectByKeyboard, promptPattern, screenShows, typeInto } from '../../src/lab/tour/screen.ts';
import { launcherProcess } from '../../vite.shared.ts';
import { startSshd } from '../harness/session/sshd.ts';
import { bootWorld, type World } from '../harness/world.ts';
import { certificateLogin } from './certificate-login.ts';
import type { Bench, Measure } from './measure.ts';
import { buildLog } from './workloads.ts';

const whole = { runs: 5, floodBytes: 100_000_000 };
const short = { runs: 1, floodBytes: 20_000_000 };

/** Seconds from Enter on `cat` to what stands after it being on the screen. */
async function through(world: World, name: string): Promise<number> {
  const launcher = await world.openLauncher({ name });
  try {
    const tab = await connectByKeyboard(launcher, 'web-01');
    await screenShows(launcher, tab, promptPattern, 20_000);
    await typeInto(launcher, tab, "cat flood.txt; echo; echo all-'shown'");
    const began = performance.now();
    await launcher.page.keyboard.press('Enter');
    await screenShows(launcher, tab, /^all-shown\s*$/m, 180_000);
    return (performance.now() - began) / 1000;
  } finally {
    await launcher.close();
  }
}

interface Terminal {
  name: string;
  start(command: string): readonly string[];
}
const terminals: readonly Terminal[] = [
  { name: 'alacritty', start: (command) => ['alacritty', '-e', 'sh', '-c', command] },
  { name: 'kitty', start: (command) => ['kitty', '--config', 'NONE', 'sh', '-c', command] },
];

/** Seconds of `ssh ... cat` in a native terminal, until it has drawn what comes after (it answers a question then: ECMA-48 DSR). */
function native(terminal: Terminal, ssh: string, folder: string): Promise<number> {
  const mark = path.join(folder, 'times');
  rmSync(mark, { force: true });
  const ask = `stty raw -echo; printf '\\033[6n'; dd bs=1 count=6 >/dev/null 2>&1; stty sane`;
  const script = `s=$(date +%s.%N); ${ssh}; ${ask}; e=$(date +%s.%N); echo "$s $e" > ${mark}`;
  return new Promise((resolve, reject) => {
    const [program = '', ...args] = terminal.start(script);
    const child = spawn(program, args, { stdio: 'ignore', env: { ...process.env, LIBGL_ALWAYS_SOFTWARE: '1' } });
    child.once('error', reject);
    child.once('close', () => {
      const times = existsSync(mark) ? spawnSync('cat', [mark], { encoding: 'utf8' }).stdout.trim().split(' ') : [];
      const [began, ended] = times.map(Number);
      if (began === undefined || ended === undefined) reject(new Error(`${terminal.name} did not come to its end`));
      else resolve(ended - began);
    });
  });
}

export const flood: Bench = {
  name: 'flood',
  what: `cat of a coloured log of ${whole.floodBytes / 1e6} MB (--quick: ${short.floodBytes / 1e6}) over SSH into the visible terminal, until what comes after it is drawn`,
  async run(say, { quick }) {
    const { runs, floodBytes } = quick ? short : whole;
    const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-bench-'));
    const world = await bootWorld();
    try {
      const part = buildLog(3, 2_000_000)
        .map(([, , text]) => text)
        .join('');
      const log = Buffer.from(part.repeat(Math.ceil(floodBytes / part.length))).subarray(0, floodBytes);
      writeFileSync(path.join(world.lab.web.home, 'flood.txt'), log);
      const product = path.join(world.stage.app, '.vite', 'build', 'session.cjs');
      const recorded = path.join(folder, 'recorded.cjs');
      copyFileSync(product, recorded);
      const config = launcherProcess('unrecorded', 'test/bench/unrecorded-session.ts');
      await build({ ...config, configFile: false, logLevel: 'error', build: { ...config.build, outDir: folder } });
      const unrecorded = path.join(folder, 'unrecorded.cjs');

      const ours: number[] = [];
      const without: number[] = [];
      const peers = terminals
        .filter(({ name }) => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0)
        .map((terminal) => ({ terminal, name: `${terminal.name}, ssh`, values: [] as number[] }));
      const sshd = await startSshd();
      const ssh = certificateLogin(sshd, folder).command.join(' ');
      for (let round = 0; round < runs; round += 1) {
        copyFileSync(recorded, product);
        ours.push(await through(world, `recorded-${round}`));
        copyFileSync(unrecorded, product);
        without.push(await through(world, `unrecorded-${round}`));
        for (const peer of peers)
          peer.values.push(
            await native(peer.terminal, `${ssh} cat ${path.join(world.lab.web.home, 'flood.txt')}`, folder),
          );
        say(
          `round ${round + 1} of ${runs}: recorded ${ours.at(-1)?.toFixed(1)} s, not recorded ${without.at(-1)?.toFixed(1)} s`,
        );
      }
      copyFileSync(recorded, product);
      await sshd.stop();
      const ratio = ours.map((value, index) => value / (without[index] ?? Number.NaN)).sort((a, b) => a - b)[
        Math.floor(runs / 2)
      ];
      const measure: Measure = {
        name: 'flood',
        unit: 's',
        ours,
        peers: [
          { name: 'the same, not recorded', values: without },
          ...peers.map(({ name, values }) => ({ name, values })),
        ],
        goal: 'at most 1.05 x not recorded; not slower than the native terminals',
        met: (ratio ?? Number.NaN) <= 1.05,
        note: `recorded / not recorded, median of pairs: ${ratio?.toFixed(2)}`,
      };
      return [measure];
    } finally {
      await world.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
