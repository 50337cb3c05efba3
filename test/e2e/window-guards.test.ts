import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  const policy = path.join(launchers, 'policy.json');
  const settings = { pasteGuard: 'always' };
  writeFileSync(
    policy,
    JSON.stringify({
      address: 'https://psm.example',
      trustRoot: 'ab'.repeat(32),
      by: 'IT operations, Norrland',
      settings,
    }),
    { mode: 0o644 },
  );
  userData = userDataFolder({ launchers, name: 'device', stage, fresh: true });
  launcher = await driveLauncher({
    stage,
    userData,
    args: [`--policy=${policy}`],
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
    ({ BrowserWindow }, text) =>
      BrowserWindow.getAllWindows()
        .find((one) => one.webContents.getURL().includes('/index.html'))
        ?.webContents.executeJavaScript(text, true),
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

test('what policy fixes reaches the window with the name of who fixed it, and cannot be changed there', async () => {
  expect(await ask('app.state', {})).toMatchObject({
    value: { fixed: { by: 'IT operations, Norrland', settings: { pasteGuard: 'always' } } },
  });
  expect(await ask('settings.set', { pasteGuard: 'never', fontSize: 20 })).toMatchObject({
    ok: false,
    error: { code: 'SP-5003', message: expect.stringContaining('IT operations, Norrland') },
  });
  expect(await ask('settings.get', {})).toMatchObject({ ok: true, value: { pasteGuard: 'always', fontSize: 13 } });
});

test('an icon beside the clock is made, taken away and made again; without a place for it nothing breaks', async () => {
  for (const tray of [false, true]) expect(await ask('settings.set', { tray })).toMatchObject({ ok: true });
  // Nothing here shows such icons: Electron makes one all the same, and says no word of it.
  expect(output).not.toContain('tray.none');
});

test('security 43: a link opens in the browser of the desktop, and only what is one', async () => {
  expect(await ask('link.open', { url: 'https://wiki.example.org/a b' })).toEqual({ ok: true, value: {} });
  for (const url of ['https://user:hunter2@example.org/', 'file:///etc/passwd', 'javascript:alert(1)'])
    expect(await ask('link.open', { url })).toMatchObject({ ok: false });
  expect(await launcher.app.evaluate(() => (globalThis as { opened?: string[] }).opened)).toEqual([
    'https://wiki.example.org/a%20b',
  ]);
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

/** Sends a raw message of @electron/remote to main as that page's preload would, if it had been taken over; resolves to main's answer. */
function rawRemote(
  page: 'main' | 'about',
  channel: string,
  ...args: unknown[]
): Promise<{ type: string; text: string }> {
  return launcher.app.evaluate(
    ({ ipcMain, BrowserWindow }, message) => {
      const found = BrowserWindow.getAllWindows().find((one) =>
        one.webContents.getURL().includes(message.page === 'about' ? '/about.html' : '/index.html'),
      );
      const contents = found?.webContents;
      const event: Record<string, unknown> = { sender: contents, senderFrame: contents?.mainFrame, frameId: 1 };
      ipcMain.emit(`REMOTE_BROWSER_${message.channel}`, event, ...message.args);
      const answer = event.returnValue as { type: string; value?: { value?: unknown } } | undefined;
      const text = answer?.type === 'exception' ? String(answer.value?.value) : JSON.stringify(answer ?? null);
      return { type: answer?.type ?? 'none', text };
    },
    { page, channel, args },
  );
}

/** Runs a script in the window with versions and licences. */
function inAbout(script: string): Promise<unknown> {
  return launcher.app.evaluate(
    ({ BrowserWindow }, text) =>
      BrowserWindow.getAllWindows()
        .find((one) => one.webContents.getURL().includes('/about.html'))
        ?.webContents.executeJavaScript(text, true),
    `(async () => { ${script} })()`,
  );
}

const refused = { type: 'exception', text: 'Error: This is not available here.' };
const context = '9-1';

test('security 47: the window with versions and licences shows them, in the sandbox, on its own page alone', async () => {
  const opening = launcher.app.waitForEvent('window');
  expect(await ask('about.open', {})).toEqual({ ok: true, value: {} });
  await (await opening).waitForSelector('#licences details');
  expect(
    await inAbout(`return {
      facts: document.querySelector('#facts').textContent,
      version: document.querySelector('#version').textContent,
      react: [...document.querySelectorAll('summary')].some((one) => one.textContent.startsWith('react19')),
      bridge: Object.keys(window.sallyportAbout).sort(),
      strangers: ['require', 'process', 'module', 'Buffer', 'global', 'electron', 'sallyport'].filter((name) => name in window),
    }`),
  ).toEqual({
    facts: expect.stringMatching(
      /^Electron[0-9.]+Chromium[0-9.]+Node\.js[0-9.]+System.+This device.+ServerNot enrolled$/,
    ),
    version: 'Version 0.1.0',
    react: true,
    bridge: ['copy', 'facts'],
    strangers: [],
  });
  // Opened again it is the same window; a search narrows the list; the text of each licence is there.
  await ask('about.open', {});
  expect(await launcher.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(2);
  expect(
    await inAbout(`
      const search = document.querySelector('#search');
      search.value = 'ofl';
      search.dispatchEvent(new Event('input'));
      const shown = [...document.querySelectorAll('details')].filter((one) => !one.hidden);
      shown[0].open = true;
      await new Promise((resolve) => shown[0].addEventListener('toggle', resolve, { once: true }));
      return { shown: shown.length, text: shown[0].textContent.includes('SIL OPEN FONT LICENSE') };
    `),
  ).toEqual({ shown: 2, text: true });
  // It may not leave, nor reach the launcher's own page or anything outside.
  await inAbout("location.href = 'app://sallyport/index.html'");
  expect(
    await inAbout(`return {
      opened: window.open('https://example.org/'),
      other: await fetch('/index.html').then((answer) => answer.status),
      outside: await fetch('https://example.org/').then(() => 'reached', () => 'refused'),
      policy: await fetch('/about.html').then((answer) => answer.headers.get('content-security-policy')),
      address: location.href,
    }`),
  ).toEqual({
    opened: null,
    other: 404,
    outside: 'refused',
    policy: expect.stringContaining("style-src 'self';"),
    address: 'app://sallyport/about.html',
  });
});

test('security 47: it gets the named few through @electron/remote', async () => {
  await inAbout("window.sallyportAbout.copy('Sallyport for a report')");
  expect(await launcher.app.evaluate(async ({ clipboard }) => await clipboard.readText())).toBe(
    'Sallyport for a report',
  );
  expect(await rawRemote('about', 'GET_BUILTIN', context, 'app')).toMatchObject({ type: 'object' });
  expect(await rawRemote('about', 'GET_GLOBAL', context, 'process')).toMatchObject({ type: 'object' });
});

test('security 47: and nothing else, by no message and no walk to a constructor', async () => {
  const text = (value: unknown) => ({ type: 'value', value });
  // biome-ignore lint/suspicious/noThenProperty: the shape that the package takes
  const promise = { type: 'promise', then: { type: 'function', id: 1, length: 2 } };
  const app = JSON.parse((await rawRemote('about', 'GET_BUILTIN', context, 'app')).text) as { id: number };
  const tries: [string, ...unknown[]][] = [
    ['REQUIRE', context, 'child_process'],
    ...['dialog', 'shell', 'ipcMain', 'BrowserWindow', 'session', 'constructor', '__proto__'].map(
      (name): [string, ...unknown[]] => ['GET_BUILTIN', context, name],
    ),
    ...['global', 'require', 'Function', 'constructor'].map((name): [string, ...unknown[]] => [
      'GET_GLOBAL',
      context,
      name,
    ]),
    ['GET_CURRENT_WINDOW', context],
    ['GET_CURRENT_WEB_CONTENTS', context],
    ['MEMBER_GET', context, app.id, 'constructor'],
    ['MEMBER_GET', context, app.id, '__proto__'],
    ['MEMBER_GET', context, app.id, 'getVersion'],
    ['MEMBER_CALL', context, app.id, 'constructor', []],
    ['MEMBER_CONSTRUCTOR', context, app.id, 'getVersion', []],
    ['MEMBER_SET', context, app.id, 'getVersion', [text('x')]],
    ['FUNCTION_CALL', context, app.id, [promise]],
    ['FUNCTION_CALL', context, app.id, [{ type: 'nativeimage', value: {} }]],
    ['CONSTRUCTOR', context, app.id, []],
    ['MEMBER_CALL', context, app.id, 'getVersion', [promise]],
  ];
  for (const [channel, ...args] of tries)
    expect({ channel, args, ...(await rawRemote('about', channel, ...args)) }).toEqual({ channel, args, ...refused });
  // A promise makes main give out two functions of its own by a callback, if it is unwrapped at all: no object came into being beside the facade's.
  for (const id of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((step) => app.id + step)) {
    expect(await rawRemote('about', 'MEMBER_GET', context, id, 'constructor')).toEqual(refused);
    expect(await rawRemote('about', 'FUNCTION_CALL', context, id, [text('return process')])).toEqual(refused);
  }
});

test('security 47: the launcher’s own page has no remote at all', async () => {
  for (const [channel, ...args] of [
    ['GET_BUILTIN', context, 'app'],
    ['GET_GLOBAL', context, 'process'],
    ['MEMBER_CALL', context, 1, 'getVersion', []],
    ['REQUIRE', context, 'fs'],
    ['GET_CURRENT_WINDOW', context],
    ['CONTEXT_RELEASE', context],
  ] as const)
    expect(await rawRemote('main', channel, ...args)).toEqual(refused);
  // Escape closes the window with the versions, and with it what it had.
  const closed = launcher.app.windows().find((one) => one.url().includes('/about.html'));
  // The key's release finds no page any more.
  await Promise.all([closed?.waitForEvent('close'), closed?.keyboard.press('Escape').catch(() => undefined)]);
  expect(await rawRemote('about', 'GET_BUILTIN', context, 'app')).toEqual(refused);
  expect(await launcher.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1);
});
