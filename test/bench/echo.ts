import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { activeTab, byTestId, connectByKeyboard, promptPattern, screenShows } from '../../src/lab/tour/screen.ts';
import { startSshd } from '../harness/session/sshd.ts';
import { bootWorld } from '../harness/world.ts';
import { type CertificateLogin, certificateLogin } from './certificate-login.ts';
import { type Bench, type Measure, median, percentile } from './measure.ts';

/** A stock client under a terminal of its own: what it says, and a way to type. */
function openSsh(login: CertificateLogin) {
  const [program = 'ssh', ...args] = login.command;
  const began = performance.now();
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  let text = '';
  let wake = () => {};
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    wake();
  });
  const until = async (done: (text: string) => boolean): Promise<void> => {
    while (!done(text)) await new Promise<void>((resolve) => (wake = resolve));
  };
  return {
    began,
    until,
    said: () => text,
    type: (data: string) => child.stdin.write(data),
    close: () => {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill();
      return gone;
    },
  };
}

/** Milliseconds from spawn to the prompt. */
async function sshToPrompt(login: CertificateLogin): Promise<number> {
  const ssh = openSsh(login);
  await ssh.until((text) => promptPattern.test(text));
  const took = performance.now() - ssh.began;
  await ssh.close();
  return took;
}

/** Milliseconds from a byte written to its echo read, without any terminal: what line, server and target take. */
async function sshEchoes(login: CertificateLogin, presses: number): Promise<number[]> {
  const ssh = openSsh(login);
  await ssh.until((text) => promptPattern.test(text));
  const times: number[] = [];
  for (let press = 0; press < presses; press += 1) {
    const before = ssh.said().length;
    const at = performance.now();
    ssh.type('x');
    await ssh.until((text) => text.length > before);
    times.push(performance.now() - at);
    if (press % 60 === 59) {
      const line = ssh.said().length;
      ssh.type('\u0015');
      await ssh.until((text) => text.length > line);
    }
  }
  await ssh.close();
  return times;
}

/** In the page: from Enter in the search to the frame in which a new session's terminal ends with a prompt. */
async function watchConnects(page: Page): Promise<void> {
  await page.evaluate(() => {
    const times: number[] = [];
    const known = new Set<string>();
    Object.assign(globalThis, { benchConnects: times });
    document.addEventListener(
      'keydown',
      (event) => {
        if (event.key !== 'Enter') return;
        const at = event.timeStamp;
        const look = () => {
          const tabs = [...document.querySelectorAll('[data-testid="session-tab"]')];
          const id = tabs.map((tab) => tab.getAttribute('data-session-id') ?? '').find((each) => !known.has(each));
          const text = id === undefined ? '' : (globalThis.__sallyportTest?.screenText(id) ?? '');
          if (id === undefined || !/[$#]\s*$/.test(text)) requestAnimationFrame(look);
          else {
            known.add(id);
            times.push(performance.now() - at);
          }
        };
        requestAnimationFrame(look);
      },
      true,
    );
  });
}

async function connectTime(page: Page, round: number): Promise<number> {
  const read = () => (globalThis as unknown as { benchConnects: number[] }).benchConnects;
  await page.waitForFunction(
    (count) => (globalThis as unknown as { benchConnects: number[] }).benchConnects.length > count,
    round,
    { timeout: 30_000 },
  );
  return (await page.evaluate(read))[round] ?? Number.NaN;
}

/** In the page: from the key to the frame in which the terminal's text has it. */
async function installWatch(page: Page, tab: string): Promise<void> {
  await page.evaluate((id) => {
    const times: number[] = [];
    Object.assign(globalThis, { benchEchoes: times });
    const read = () => globalThis.__sallyportTest?.screenText(id).trimEnd() ?? '';
    document.addEventListener(
      'keydown',
      (event) => {
        if (event.key !== 'x') return;
        const at = event.timeStamp;
        const before = read();
        const look = () => {
          if (read() === before) requestAnimationFrame(look);
          else times.push(performance.now() - at);
        };
        requestAnimationFrame(look);
      },
      true,
    );
  }, tab);
}

async function launcherEchoes(page: Page, tab: string, presses: number): Promise<number[]> {
  await page.locator(byTestId('terminal', { 'data-session-id': tab })).click();
  await installWatch(page, tab);
  for (let press = 0; press < presses; press += 1) {
    await page.keyboard.press('x');
    await page.waitForFunction(
      (count) => (globalThis as unknown as { benchEchoes: number[] }).benchEchoes.length > count,
      press,
    );
    if (press % 60 === 59) await page.keyboard.press('Control+u');
  }
  return page.evaluate(() => (globalThis as unknown as { benchEchoes: number[] }).benchEchoes);
}

export const echo: Bench = {
  name: 'echo',
  what: 'from Enter to the first prompt, and from a key to the frame that shows its echo, in a recorded session through the relay',
  async run(say, { quick }) {
    const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-bench-'));
    const world = await bootWorld();
    const sshd = await startSshd();
    try {
      const login = certificateLogin(sshd, folder);
      const launcher = await world.openLauncher();
      await watchConnects(launcher.page);
      const connects: number[] = [];
      const peers: number[] = [];
      for (let round = 0; round < (quick ? 3 : 15); round += 1) {
        await connectByKeyboard(launcher, 'web-01');
        connects.push(await connectTime(launcher.page, round));
        peers.push(await sshToPrompt(login));
        await launcher.page.keyboard.press('Control+Shift+X');
        const sure = launcher.page.getByRole('dialog', { name: 'End the session' });
        await sure.waitFor();
        await sure.getByRole('button', { name: 'Disconnect' }).click();
        await sure.waitFor({ state: 'hidden' });
        say(`round ${round + 1}: launcher ${connects.at(-1)?.toFixed(0)} ms, ssh ${peers.at(-1)?.toFixed(0)} ms`);
      }
      const presses = quick ? 100 : 1000;
      await connectByKeyboard(launcher, 'web-01');
      const tab = await activeTab(launcher);
      await screenShows(launcher, tab, promptPattern, 20_000);
      const ours = await launcherEchoes(launcher.page, tab, presses);
      const theirs = await sshEchoes(login, presses);
      await launcher.close();
      const over = (p: number) => percentile(ours, p) - percentile(theirs, p);
      const measures: Measure[] = [
        {
          name: 'connect',
          unit: 'ms',
          ours: connects,
          peers: [{ name: 'ssh with a certificate at hand', values: peers }],
          goal: '2 x ssh',
          met: median(connects) <= 2 * median(peers),
          note: 'Enter to the prompt in the terminal; grant, certificate and the first anchor are in it',
        },
        {
          name: 'echo',
          unit: 'ms',
          ours,
          peers: [{ name: 'ssh, byte written to echo read, no terminal', values: theirs }],
          goal: '+2 ms p50, +8 ms p99',
          met: over(50) <= 2 && over(99) <= 8,
          note: `${presses} keys: p50 ${percentile(ours, 50).toFixed(1)} (+${over(50).toFixed(1)}), p99 ${percentile(ours, 99).toFixed(1)} (+${over(99).toFixed(1)}) ms; to the frame, of which there are 60 a second`,
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
