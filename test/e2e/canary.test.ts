import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { storePassword } from '../../src/lab/lab.ts';
import { connectByKeyboard, promptPattern, screenShows, typeInto } from '../../src/lab/tour/screen.ts';
import { allPids, sessionProcesses } from '../harness/launcher-processes.ts';
import { type Finding, searchFiles, searchMemory, type Wanted } from '../harness/memory-search.ts';
import {
  argumentsAndEnvironment,
  formsIn,
  formsOf,
  mainHeap,
  pageHeap,
  textFormsOf,
} from '../harness/secret-search.ts';
import { bootWorld, type OpenedLauncher, type World } from '../harness/world.ts';

// Only root may read the memory of sandboxed processes.
const readsMemory = process.getuid?.() === 0;
const makeCanary = () => `Canary/${randomBytes(15).toString('base64')}+x`;

let world: World;
let launcher: OpenedLauncher;
beforeAll(async () => {
  world = await bootWorld();
  launcher = await world.openLauncher();
});
afterAll(() => world?.close());

/** A session on a target whose password is `canary`, which is stored in the vault for it, by the server that runs still: `stored` is called then. */
async function logInWith(
  kind: 'switch' | 'legacy',
  canary: string,
  stored: () => void = () => undefined,
): Promise<string> {
  const target = world.lab[kind];
  await storePassword(world.server(), target, canary);
  stored();
  const tab = await connectByKeyboard(launcher, target.name);
  await screenShows(launcher, tab, promptPattern, 30_000);
  await typeInto(launcher, tab, 'echo "in-"use\n');
  await screenShows(launcher, tab, /^in-use\s*$/m);
  // It is the password that logged in: the target takes nothing else.
  expect(readFileSync(target.log, 'utf8')).toMatch(new RegExp(`Accepted \\S+ for ${target.login} from`));
  return tab;
}

function wanted(secret: string): Wanted {
  return { needles: formsOf(secret), publicKeys: new Map() };
}

/** In memory of processes, in arguments and environment. */
function searchProcesses(pids: readonly number[], secret: string): { findings: Finding[]; bytes: number } {
  const findings: Finding[] = [];
  let bytes = 0;
  for (const pid of pids) {
    if (readsMemory) {
      const searched = searchMemory(pid, wanted(secret));
      findings.push(...searched.findings);
      bytes += searched.bytes;
    }
    for (const what of formsIn(argumentsAndEnvironment(pid), formsOf(secret)))
      findings.push({ where: `arguments or environment of process ${pid}`, what });
  }
  return { findings, bytes };
}

async function searchHeaps(secret: string): Promise<Finding[]> {
  const forms = new Map([...textFormsOf(secret)].map(([name, text]) => [name, Buffer.from(text)]));
  const heaps = { 'heap of the page': await pageHeap(launcher), 'heap of main': await mainHeap(launcher) };
  return Object.entries(heaps).flatMap(([where, bytes]) => formsIn(bytes, forms).map((what) => ({ where, what })));
}

/** Everything that was written: by the launcher, the server (database, vault, logs, recordings), the targets, and what they said. */
function searchWritten(secret: string): Finding[] {
  const forms = formsOf(secret);
  const said = Buffer.from(launcher.output());
  return [
    ...searchFiles(world.lab.paths.root, wanted(secret)).findings.filter((each) => each.what.startsWith('the bytes')),
    ...formsIn(said, forms).map((what) => ({ where: "the launcher's output", what })),
  ];
}

/** Files of a crash: core(5), and Crashpad's. */
function crashFiles(): string[] {
  return [world.lab.paths.root, world.stage.folder].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /(^|\/)core(\.\d+)?$|\.dmp$/.test(name),
    ),
  );
}

describe('security 1 and 3b: a password that logged in by handover', () => {
  const canary = makeCanary();
  let onceStored: Finding[];
  beforeAll(async () => {
    await logInWith('switch', canary, () => {
      onceStored = searchProcesses([world.server().process.pid], canary).findings;
    });
  });

  test('is in no process of the launcher while its session runs: memory, arguments, environment', () => {
    const { findings, bytes } = searchProcesses(allPids(launcher), canary);
    expect(findings).toEqual([]);
    // Less would mean that nothing was read.
    if (readsMemory) expect(bytes).toBeGreaterThan(100 * 1024 * 1024);
  });

  test('is in no heap snapshot of the page or of the main process', async () => {
    expect(await searchHeaps(canary)).toEqual([]);
  });

  test('is in nothing that was written: spool, user data, database, vault file, recordings, logs', () => {
    expect(searchWritten(canary)).toEqual([]);
  });

  test('is not in the control server either, once it is stored and once the connection is handed over', () => {
    expect(onceStored).toEqual([]);
    expect(searchProcesses([world.server().process.pid], canary).findings).toEqual([]);
  });

  test('cannot come into a core file: there is none, and the launcher makes none', () => {
    expect(crashFiles()).toEqual([]);
    for (const pid of allPids(launcher))
      expect(readFileSync(`/proc/${pid}/limits`, 'utf8')).toMatch(/^Max core file size\s+0\s/m);
  });
});

describe('security 1: a password that is sealed to the session process, the exception by policy', () => {
  const canary = makeCanary();
  beforeAll(async () => {
    await logInWith('legacy', canary);
  });

  test('is in the session process at most, and in no other', async () => {
    const sessions = await sessionProcesses(launcher);
    const others = allPids(launcher).filter((pid) => !sessions.includes(pid));
    expect(others.length).toBe(allPids(launcher).length - sessions.length);
    expect(searchProcesses(others, canary).findings).toEqual([]);
    // Its memory may hold it, as may the control server's, which sealed it: the age library leaves its working copy to the collector.
    const elsewhere = searchProcesses([...sessions, world.server().process.pid], canary).findings.filter(
      (each) => !each.where.startsWith('memory of'),
    );
    expect(elsewhere).toEqual([]);
  });

  test('is in no heap snapshot of page and main, and in nothing that was written', async () => {
    expect(await searchHeaps(canary)).toEqual([]);
    expect(searchWritten(canary)).toEqual([]);
    expect(crashFiles()).toEqual([]);
  });
});

describe('security 1: a control that is planted is found', () => {
  test.skipIf(!readsMemory)('in memory, in each form', async () => {
    const control = makeCanary();
    expect(searchProcesses([launcher.pid], control).findings).toEqual([]);
    const forms = [...formsOf(control)];
    await launcher.app.evaluate(
      (_electron, planted) => {
        const keep = globalThis as { planted?: unknown };
        keep.planted = planted.map((text) => process.getBuiltinModule('node:buffer').Buffer.from(text, 'latin1'));
      },
      forms.map(([, bytes]) => bytes.toString('latin1')),
    );
    const found = searchProcesses([launcher.pid], control).findings.map((each) => each.what);
    expect(found).toEqual(expect.arrayContaining(forms.map(([name]) => `the bytes of ${name}`)));
  });

  test.skipIf(!readsMemory)('in the memory of a session process, where it was typed', async () => {
    const control = makeCanary();
    const tab = await connectByKeyboard(launcher, 'web-01');
    await screenShows(launcher, tab, promptPattern, 20_000);
    await typeInto(launcher, tab, 'echo ');
    // As one piece: keys that are pressed one by one are never together there.
    await launcher.page.keyboard.insertText(control);
    await screenShows(launcher, tab, new RegExp(control.replace(/\W/g, '\\$&')));
    const found = searchProcesses(await sessionProcesses(launcher), control).findings;
    expect(found.length).toBeGreaterThan(0);
  });

  test('in both heaps, in each form that text has', async () => {
    const control = makeCanary();
    const texts = [...textFormsOf(control)];
    const planted = texts.map(([, text]) => text);
    await launcher.page.evaluate((all) => Object.assign(globalThis, { planted: all }), planted);
    await launcher.app.evaluate((_electron, all) => {
      Object.assign(globalThis, { plantedText: all });
    }, planted);
    const found = await searchHeaps(control);
    for (const where of ['heap of the page', 'heap of main'])
      expect(found.filter((each) => each.where === where).map((each) => each.what)).toEqual(
        texts.map(([name]) => name),
      );
  });

  test('in arguments and environment', async () => {
    const control = makeCanary();
    for (const [args, env] of [
      [[control], {}],
      [[], { PLANTED: control }],
    ] as const) {
      const child = spawn('sh', ['-c', 'echo started; read _', 'sh', ...args], {
        env: { PATH: process.env.PATH, ...env },
      });
      // Not its 'spawn': the kernel shows neither until the program is loaded.
      await new Promise((resolve) => child.stdout.once('data', resolve));
      expect(formsIn(argumentsAndEnvironment(child.pid ?? 0), formsOf(control))).toContain('UTF-8');
      child.kill();
    }
  });

  test('in files, in each form', () => {
    const control = makeCanary();
    const forms = [...formsOf(control)];
    for (const [index, [, bytes]] of forms.entries())
      writeFileSync(
        path.join(world.lab.control.dataFolder, `planted-${index}`),
        Buffer.concat([randomBytes(7), bytes]),
      );
    expect(searchWritten(control).map((each) => each.what)).toEqual(
      expect.arrayContaining(forms.map(([name]) => `the bytes of ${name}`)),
    );
  });
});
