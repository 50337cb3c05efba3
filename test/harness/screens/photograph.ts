// Photographs every view and state of the built renderer: node test/harness/screens/photograph.ts [--only NAME,..] [--size 720x500,..] [--out DIR] [--no-axe] [--chromium PATH] [--site BUILT-RENDERER]
// Needs a Chromium (Debian's `chromium` package, or CHROMIUM in the environment). Fails on any violation of the page's policy, on any error in the console, and on what axe finds against WCAG 2.2 A and AA.
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type Browser, chromium } from '@playwright/test';
import { defaultSettings, ipcRequests } from '../../../src/shared/protocol/ipc.ts';
import { replayToScreenSchema } from '../../../src/shared/protocol/replay.ts';
import { sessionToScreenSchema } from '../../../src/shared/protocol/session-port.ts';
import { allShots as shots } from './all-shots.ts';
import { axeOf } from './axe.ts';
import { installFakeBridge, type Scenario } from './fake-bridge.ts';
import type { Shot } from './shots.ts';
import { now } from './world.ts';

const root = path.join(import.meta.dirname, '../../..');
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'";
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
};
interface Size {
  width: number;
  height: number;
}
const usualSizes = '1440x900,1024x700';

function sizeOf(text: string): Size {
  const [, width, height] = /^(\d+)x(\d+)$/.exec(text) ?? [];
  if (width === undefined || height === undefined) throw new Error(`not a size, such as 720x500: ${text}`);
  return { width: Number(width), height: Number(height) };
}

const schemes = ['dark', 'light'] as const;

/** The built renderer on loopback, under the policy that the app gives it. Read at once: a build may replace the folder meanwhile. */
function serve(folder: string): Promise<{ origin: string; close: () => void }> {
  const files = new Map<string, Buffer>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.endsWith('.map')) continue;
    const file = path.join(entry.parentPath, entry.name);
    files.set(`/${path.relative(folder, file)}`, readFileSync(file));
  }
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const name = pathname === '/' ? '/index.html' : pathname;
    const body = files.get(name);
    if (body === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      'content-type': types[path.extname(name)] ?? 'application/octet-stream',
      'content-security-policy': policy,
    });
    response.end(body);
  });
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      resolve({ origin: `http://127.0.0.1:${port}`, close: () => server.close() });
    }),
  );
}

/** A scenario that the real schemas refuse would photograph an error page. */
function checkScenario(shot: Shot): void {
  for (const [name, answer] of Object.entries(shot.scenario.answers)) {
    if (typeof answer !== 'object' || answer === null || !('value' in answer)) continue;
    ipcRequests[name as keyof typeof ipcRequests].response.parse(answer.value);
  }
  if (shot.scenario.replay !== null) {
    replayToScreenSchema.parse(shot.scenario.replay.opened);
    if (shot.scenario.replay.survey !== null) replayToScreenSchema.parse(shot.scenario.replay.survey);
  }
  for (const message of Object.values(shot.scenario.told ?? {}).flat()) sessionToScreenSchema.parse(message);
}

function inScheme(scenario: Scenario, scheme: 'dark' | 'light'): Scenario {
  const settings = { ok: true, value: { ...defaultSettings, theme: scheme } };
  return { ...scenario, answers: { ...scenario.answers, 'settings.get': settings } };
}

async function photograph(
  browser: Browser,
  origin: string,
  shot: Shot,
  sizes: readonly Size[],
  options: { out: string; axe: boolean },
): Promise<string[]> {
  const complaints: string[] = [];
  const one = async (size: Size, scheme: (typeof schemes)[number]) => {
    const context = await browser.newContext({ viewport: size, colorScheme: scheme, reducedMotion: 'reduce' });
    const page = await context.newPage();
    const where = `${shot.name} ${size.width} ${scheme}`;
    page.on('pageerror', (error) => complaints.push(`${where}: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(`${where}: ${message.text()}`);
    });
    await page.clock.setFixedTime(now);
    await page.addInitScript(installFakeBridge, inScheme(shot.scenario, scheme));
    await page.goto(`${origin}/?test`);
    await page.waitForSelector('#root > :not(style)');
    try {
      await shot.act?.(page);
    } catch (error) {
      complaints.push(`${where}: ${error instanceof Error ? error.message.split('\n')[0] : 'failed'}`);
    }
    await page.waitForTimeout(150);
    await page.screenshot({ path: path.join(options.out, `${shot.name}-${size.width}-${scheme}.png`) });
    if (options.axe) complaints.push(...(await axeOf(page)).map((found) => `${where}: ${found}`));
    const told = await page.evaluate(
      () => (window as unknown as { __harness: { violations: string[]; resizes: string[] } }).__harness,
    );
    complaints.push(...told.violations.map((violation) => `${where}: policy ${violation}`));
    // A screen that is not shown has no room of its own: it must keep its size, or the target redraws for a stamp.
    const small = told.resizes.filter((resize) => Number(/ (\d+)x/.exec(resize)?.[1]) < 40);
    complaints.push(...small.map((resize) => `${where}: resized to ${resize}`));
    await context.close();
  };
  await Promise.all(sizes.flatMap((size) => schemes.map((scheme) => one(size, scheme))));
  return complaints;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    allowNegative: true,
    options: {
      only: { type: 'string' },
      size: { type: 'string', default: usualSizes },
      out: { type: 'string', default: path.join(root, 'out/screenshots') },
      axe: { type: 'boolean', default: true },
      chromium: { type: 'string' },
      site: { type: 'string', default: path.join(root, '.vite/renderer/main_window') },
    },
  });
  const wanted = values.only?.split(',');
  const sizes = values.size.split(',').map(sizeOf);
  const chosen = shots.filter((shot) => wanted === undefined || wanted.includes(shot.name));
  for (const shot of chosen) checkScenario(shot);
  mkdirSync(values.out, { recursive: true });
  const executablePath = values.chromium ?? process.env.CHROMIUM ?? '/usr/bin/chromium';
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--enable-unsafe-swiftshader'] });
  const site = await serve(values.site);
  const complaints: string[] = [];
  try {
    for (const shot of chosen) {
      complaints.push(...(await photograph(browser, site.origin, shot, sizes, { out: values.out, axe: values.axe })));
      console.log(`photographed ${shot.name}`);
    }
  } finally {
    await browser.close();
    site.close();
  }
  for (const complaint of complaints) console.error(complaint);
  if (complaints.length > 0) process.exitCode = 1;
}

await main();
