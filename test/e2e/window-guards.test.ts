import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DrivenLauncher, driveLauncher } from '../../src/lab/launcher/drive-launcher.ts';
import { readStage, userDataFolder } from '../../src/lab/launcher/stage.ts';
import { descendantsOf } from '../../src/lab/processes.ts';

const stage = readStage();
let launchers: string;
let userData: string;
let launcher: DrivenLauncher;
let output = '';

beforeAll(async () => {
  launchers = mkdtempSync(path.join(tmpdir(), 'sallyport-guards-'));
  chmodSync(launchers, 0o711);
  userData = userDataFolder({ launchers, name: 'device', stage, fresh: true });
  launcher = await driveLauncher({
    stage,
    userData,
    onOutput: (text) => {
      output += text;
    },
  });
});
afterAll(async () => {
  await launcher?.close();
  rmSync(launchers, { recursive: true, force: true });
});

/**
 * Runs a script in the page, as a page that has been taken over would. As text: the tests' types know no DOM. Through main: the driver's own way
 * waits for ever for a navigation that it saw beginning and that was denied.
 */
function inPage(script: string): Promise<unknown> {
  return launcher.app.evaluate(
    ({ BrowserWindow }, text) => BrowserWindow.getAllWindows()[0]?.webContents.executeJavaScript(text, true),
    `(async () => { ${script} })()`,
  );
}

/** A raw request through the bridge. */
function ask(name: string, body: unknown): Promise<unknown> {
  return inPage(`return window.sallyport.request(${JSON.stringify(name)}, ${JSON.stringify(body)})`);
}

test('the page has the bridge and nothing of Node or Electron', async () => {
  expect(
    await inPage(`return {
      bridge: Object.keys(window.sallyport).sort(),
      strangers: ['require', 'process', 'module', 'Buffer', 'global', 'electron'].filter((name) => name in window),
      address: location.href,
    }`),
  ).toEqual({ bridge: ['on', 'request'], strangers: [], address: 'app://sallyport/index.html?test' });
});

test.skipIf(!stage.sandbox)('every page process is in the sandbox', () => {
  const pages = descendantsOf(launcher.pid).filter((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('--type=renderer'),
  );
  expect(pages.length).toBeGreaterThan(0);
  // Seccomp mode 2 is a filter: Chromium's own (proc_pid_status(5)).
  for (const pid of pages) expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^Seccomp:\s+2$/m);
  expect(readFileSync(`/proc/${launcher.pid}/cmdline`, 'latin1')).not.toContain('--no-sandbox');
});

test('security 42: navigation, new windows, webviews and permissions are denied', async () => {
  expect(await inPage("return window.open('https://example.org/')")).toBeNull();
  await inPage("location.href = 'https://example.org/'");
  await inPage(`
    const link = document.createElement('a');
    link.href = 'app://sallyport/other.html';
    document.body.append(link);
    link.click();
    link.remove();
  `);
  expect(
    await inPage(`
      const view = document.createElement('webview');
      view.src = 'https://example.org/';
      document.body.append(view);
      const made = typeof view.getWebContentsId;
      view.remove();
      return made;
    `),
  ).toBe('undefined');
  expect(await inPage('return Notification.requestPermission()')).toBe('denied');
  expect(await inPage("return navigator.clipboard.readText().then(() => 'read', (error) => error.name)")).toBe(
    'NotAllowedError',
  );
  expect(
    await inPage("return navigator.mediaDevices.getUserMedia({ video: true }).then(() => 'on', () => 'denied')"),
  ).toBe('denied');
  expect(
    await launcher.app.evaluate(({ webContents }) => webContents.getAllWebContents().map((one) => one.getURL())),
  ).toEqual(['app://sallyport/index.html?test']);
  expect(output).toContain('"what":"window"');
});

test('security 43: nothing that a page does opens a program outside', async () => {
  await launcher.app.evaluate(({ shell }) => {
    const opened: string[] = [];
    Object.assign(globalThis, { opened });
    const note = (what: string) => {
      opened.push(what);
      return Promise.resolve('');
    };
    Object.assign(shell, { openExternal: note, openPath: note });
  });
  for (const url of [
    'https://example.org/',
    'file:///etc/passwd',
    'mailto:a@b',
    'x-terminal:run',
    'javascript:alert(1)',
  ]) {
    await inPage(`
      window.open(${JSON.stringify(url)});
      const link = document.createElement('a');
      link.href = ${JSON.stringify(url)};
      link.target = '_blank';
      document.body.append(link);
      link.click();
      link.remove();
    `);
  }
  expect(await launcher.app.evaluate(() => (globalThis as { opened?: string[] }).opened)).toEqual([]);
  expect(await inPage('return location.href')).toBe('app://sallyport/index.html?test');
});

test('the page loads only its own files, with the policy on every answer', async () => {
  const policy =
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'";
  const expected = {
    '/index.html': `200 ${policy}`,
    '/nothing.js': `404 ${policy}`,
    '/%2e%2e/%2e%2e/build/main.cjs': `404 ${policy}`,
    '/..%2f..%2fbuild%2fmain.cjs': `404 ${policy}`,
    'https://example.org/': 'refused',
    'file:///etc/passwd': 'refused',
  };
  const answers = await inPage(`
    const out = {};
    for (const url of ${JSON.stringify(Object.keys(expected))}) {
      out[url] = await fetch(url).then((answer) => answer.status + ' ' + answer.headers.get('content-security-policy'), () => 'refused');
    }
    return out;
  `);
  expect(answers).toEqual(expected);
});

test('a script that is not a file of ours does not run', async () => {
  const ran = await inPage(`
    const blocked = new Promise((resolve) => {
      document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective), { once: true });
      setTimeout(() => resolve('nothing was blocked'), 3000);
    });
    const script = document.createElement('script');
    script.textContent = 'window.ranInline = true';
    document.body.append(script);
    const directive = await blocked;
    script.remove();
    return { directive, ran: 'ranInline' in window };
  `);
  expect(ran).toEqual({ directive: 'script-src-elem', ran: false });
});

test('security 45: requests of another name or shape are refused, and an embedded frame has no bridge', async () => {
  for (const [name, body] of [
    ['app.everything', {}],
    ['__proto__', {}],
    ['clipboard.write', { text: 7 }],
    ['settings.set', { fontSize: 4000 }],
  ] as const)
    expect(await ask(name, body)).toMatchObject({ ok: false, error: { code: 'SP-9002' } });
  expect(
    await inPage(`
      const frame = document.createElement('iframe');
      document.body.append(frame);
      const has = 'sallyport' in frame.contentWindow;
      frame.remove();
      return has;
    `),
  ).toBe(false);
});

test('security 44: a second start of the same device only brings the first one to the front, whatever it is told', async () => {
  const told = ['--enrol=sallyport-e30', 'sallyport://connect/web-01', 'https://evil.example/'];
  const second = spawn(stage.program, [stage.app, `--user-data-dir=${userData}`, ...told], {
    cwd: stage.folder,
    stdio: 'ignore',
  });
  const [code] = await once(second, 'exit');
  expect(code).toBe(0);
  expect(await launcher.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1);
  expect(await inPage('return location.href')).toBe('app://sallyport/index.html?test');
  // Nothing was taken from it: the first-run screen is as it was, without a word about that invite.
  expect(await inPage(`return document.querySelector('[data-testid="first-run-problem"]') === null`)).toBe(true);
  // And no scheme of ours is registered with the system at all.
  expect(await launcher.app.evaluate(({ app }) => app.isDefaultProtocolClient('sallyport'))).toBe(false);
});

test('a page that crashes comes back by itself', async () => {
  const bridge = await launcher.app.evaluate(
    ({ BrowserWindow }) =>
      new Promise((resolve) => {
        const contents = BrowserWindow.getAllWindows()[0]?.webContents;
        contents?.once('did-finish-load', () => {
          void contents.executeJavaScript('typeof window.sallyport.request').then(resolve);
        });
        setImmediate(() => contents?.forcefullyCrashRenderer());
      }),
  );
  expect(bridge).toBe('function');
  expect(output).toContain('"event":"page.gone"');
});
