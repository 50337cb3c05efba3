// What a terminal's manners cost in a flood: node test/harness/screens/terminal-cost.ts [--mb 24] [--rounds 3] [--chromium PATH] [--site BUILT-RENDERER]
// One run, one page per case and round, cases in turn: bytes go through the session's port with its acknowledgements, as from a session process.
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type Browser, chromium } from '@playwright/test';
import { testIds } from '../../../src/renderer/test-ids.ts';
import { defaultSettings, type Settings } from '../../../src/shared/protocol/ipc.ts';
import { installFakeBridge } from './fake-bridge.ts';
import { scenario } from './shots.ts';
import * as world from './world.ts';

const root = path.join(import.meta.dirname, '../../..');
const { values } = parseArgs({
  options: {
    mb: { type: 'string', default: '24' },
    rounds: { type: 'string', default: '3' },
    chromium: { type: 'string' },
    site: { type: 'string', default: path.join(root, '.vite/renderer/main_window') },
  },
});

/** Commands as a shell marks them, so many that no more are kept. */
const marked = Array.from(
  { length: 200 },
  (_, at) => `\x1b]133;A\x07$ \x1b]133;B\x07run ${at}\r\n\x1b]133;C\x07\x1b]133;D;0\x07`,
).join('');

const cases: readonly { name: string; settings: Partial<Settings>; before: string }[] = [
  { name: 'nothing', settings: { highlight: false }, before: '' },
  { name: 'words', settings: {}, before: '' },
  { name: 'words, 200 commands', settings: {}, before: marked },
];

function serve(): Promise<{ origin: string; close: () => void }> {
  const files = new Map<string, Buffer>();
  for (const entry of readdirSync(values.site, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) {
      const file = path.join(entry.parentPath, entry.name);
      files.set(`/${path.relative(values.site, file)}`, readFileSync(file));
    }
  const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const name = pathname === '/' ? '/index.html' : pathname;
    response.writeHead(files.has(name) ? 200 : 404, {
      'content-type': types[path.extname(name)] ?? 'application/octet-stream',
    });
    response.end(files.get(name));
  });
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      resolve({ origin: `http://127.0.0.1:${port}`, close: () => server.close() });
    }),
  );
}

/** Runs in the page: floods the terminal of session "a"; milliseconds until the last byte is acknowledged. */
const flood = `async ({ bytes, before }) => {
  const port = window.__harness.ports.a;
  const encoder = new TextEncoder();
  let end = 0;
  let drawn = 0;
  let wake = () => {};
  const take = port.onmessage;
  port.onmessage = (event) => {
    if (event.data.type === 'drawn') { drawn = event.data.end; wake(); } else take?.call(port, event);
  };
  const send = (data) => { end += data.length; port.postMessage({ type: 'output', data, end }); };
  const until = async (mark) => { while (drawn < mark) await new Promise((resolve) => { wake = resolve; }); };
  send(encoder.encode(before + ' '));
  await until(end);
  let text = '';
  for (let at = 0; text.length < 65536; at += 1)
    text += String(at).padStart(7, '0') + (at % 10 === 0 ? ' error: the transaction was denied, ' : ' \\x1b[32mready\\x1b[0m after 12 ms with ') + 'x'.repeat(at % 40) + '\\r\\n';
  const chunk = encoder.encode(text);
  const began = performance.now();
  const start = end;
  while (end - start < bytes) { send(chunk); await until(end - 1048576); }
  await until(end);
  return (end - start) / 1e6 / ((performance.now() - began) / 1000);
}`;

/** Megabytes per second of the clock, and per second of the window's own processor time: the latter hardly feels what else the machine does. */
interface Speed {
  clock: number;
  processor: number;
}

async function measure(browser: Browser, origin: string, one: (typeof cases)[number]): Promise<Speed> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  const settings = { ok: true, value: { ...defaultSettings, ...one.settings } };
  const sessions = { ok: true, value: { sessions: [world.session('a', 'pay-db-03', world.open)] } };
  await page.addInitScript(
    installFakeBridge,
    scenario({ 'settings.get': settings, 'sessions.list': sessions }, { terminals: {} }),
  );
  await page.goto(`${origin}/?test`);
  await page.getByTestId(testIds.navSessions).click();
  await page.waitForTimeout(500);
  const client = await context.newCDPSession(page);
  await client.send('Performance.enable', { timeDomain: 'threadTicks' });
  const busy = async () => {
    const { metrics } = await client.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0;
  };
  const before = await busy();
  const ask = JSON.stringify({ bytes: Number(values.mb) * 1e6, before: one.before });
  const clock = await page.evaluate<number>(`(${flood})(${ask})`);
  const processor = Number(values.mb) / ((await busy()) - before);
  await context.close();
  return { clock, processor };
}

const executablePath = values.chromium ?? process.env.CHROMIUM ?? '/usr/bin/chromium';
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
const site = await serve();
const speeds = new Map<string, Speed[]>();
try {
  for (let round = 0; round < Number(values.rounds); round += 1)
    for (const one of cases)
      speeds.set(one.name, [...(speeds.get(one.name) ?? []), await measure(browser, site.origin, one)]);
} finally {
  await browser.close();
  site.close();
}
for (const [name, found] of speeds) {
  const row = (key: keyof Speed) => found.map((speed) => speed[key].toFixed(1)).join('  ');
  console.log(`${name.padEnd(22)} ${row('processor')} MB per processor second; by the clock ${row('clock')} MB/s`);
}
