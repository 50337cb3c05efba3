import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { checkLayers, cyclesIn, importsOf } from './layers.mjs';

/** @type {string[]} */
const folders = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** @param {Record<string, string>} files @returns {string[]} the violations, one line each */
function check(files) {
  const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-layers-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.join(folder, path.dirname(name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  return checkLayers(folder).map(({ file, message }) => `${file}: ${message}`);
}

const empty = 'export const nothing = 0;';

describe('layers', () => {
  test('what the architecture allows is allowed', () => {
    const found = check({
      'src/shared/a.ts': "import { z } from 'zod'; export const a = z;",
      'src/recording/signatures/s.ts': "import { sign } from 'node:crypto'; import { a } from '../../shared/a.ts';",
      'src/main/main.ts': "import { app } from 'electron'; import '../recording/signatures/s.ts';",
      'src/main/ipc/table.ts': "import { ipcMain } from 'electron';",
      'src/preload/preload.ts': "import { contextBridge, ipcRenderer } from 'electron';",
      'src/control/server.ts': empty,
      'src/cli/cli.ts': "import { nothing } from '../control/server.ts';",
      'src/session/x.test.ts': "import { nothing } from '../control/server.ts'; import { app } from 'electron';",
    });
    expect(found).toEqual([]);
  });

  test.each([
    ['src/shared/a.ts', "import { join } from 'node:path';", 'shared must not import node:path'],
    ['src/shared/a.ts', "import { Client } from 'ssh2';", 'shared may use only zod, not ssh2'],
    ['src/session/a.ts', "import type { App } from 'electron';", 'session must not import Electron'],
    [
      'src/session/a.ts',
      "const { nothing } = await import('../main/b.ts');",
      'session must not import main (src/main/b.ts)',
    ],
    [
      'src/session/a.ts',
      "export { nothing } from '../control/b.ts';",
      'session must not import control (src/control/b.ts)',
    ],
    ['src/renderer/a.tsx', "import { readFile } from 'fs';", 'renderer must not import fs'],
    ['src/preload/a.ts', "import { shell } from 'electron';", 'preload must not import shell from Electron'],
    [
      'src/main/a.ts',
      "import * as all from 'electron';",
      'import the names that are needed from Electron, not all of it',
    ],
    [
      'src/main/a.ts',
      "import electron from 'electron';",
      'import the names that are needed from Electron, not all of it',
    ],
    [
      'src/main/a.ts',
      "import { enable } from '@electron/remote/main';",
      'must not import @electron/remote: it is for the window with versions and licences, behind its gate (docs/decisions/0022-electron-remote.md)',
    ],
    [
      'src/main/a.ts',
      "import { ipcMain as x } from 'electron';",
      'must not import ipcMain: every call passes the one table that validates it, or the gate before @electron/remote',
    ],
    [
      'src/main/a.ts',
      "import '../recording/b.ts';",
      'main may import only recording/signatures/, not src/recording/b.ts',
    ],
    ['src/cli/a.ts', "import '../control/b.ts';", 'cli may import only control/server.ts, not src/control/b.ts'],
    [
      'src/session/port/a.ts',
      "import '../recorder/b.ts';",
      'must not import src/session/recorder/b.ts: only pipeline.ts knows both the recorder and the port',
    ],
    [
      'src/main/control-channel/a.ts',
      "import '../sync/b.ts';",
      'must not import src/main/sync/b.ts: an order from the server may reach sessions and nothing else of the main process',
    ],
    ['src/main/a.ts', "import './missing.ts';", './missing.ts does not name a file'],
    ['src/main/theWindow.ts', empty, 'file names are kebab-case'],
  ])('%s with %s', (file, text, message) => {
    const targets = [
      'src/main/b.ts',
      'src/control/b.ts',
      'src/recording/b.ts',
      'src/session/recorder/b.ts',
      'src/main/sync/b.ts',
    ];
    const found = check({ ...Object.fromEntries(targets.map((target) => [target, empty])), [file]: text });
    expect(found).toEqual([`${file}: ${message}`]);
  });

  test('a guarded name belongs to as many files as its rule says', () => {
    const line = "import { ipcMain } from 'electron';";
    expect(check({ 'src/main/ipc/a.ts': line, 'src/main/ipc/b.ts': line, 'src/main/ipc/c.ts': line })).toEqual([
      'src/main/ipc/c.ts: ipcMain is already imported by src/main/ipc/a.ts: every call passes the one table that validates it, or the gate before @electron/remote',
    ]);
  });

  test('cycles are found, through type imports they are not', () => {
    expect(
      check({ 'src/main/a.ts': "import { b } from './b.ts';", 'src/main/b.ts': "export { a as b } from './a.ts';" }),
    ).toEqual(['src/main/a.ts: import cycle: src/main/a.ts -> src/main/b.ts -> src/main/a.ts']);
    expect(check({ 'src/main/a.ts': "import './b.ts';", 'src/main/b.ts': "import type { a } from './a.ts';" })).toEqual(
      [],
    );
  });
});

test('a cycle that is reached twice is reported once', () => {
  const graph = new Map([
    ['x', ['a', 'b']],
    ['a', ['b']],
    ['b', ['a']],
  ]);
  expect(cyclesIn(graph)).toHaveLength(1);
});

test('a file that does not parse is an error, not silence', () => {
  expect(() => importsOf('src/a.ts', 'import {')).toThrow('src/a.ts does not parse');
});
