import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inRoot } from './paths.mjs';

let folder = '';

/** @type {typeof import('./build-targets.mjs')} */
let build;

// The targets belong to a checkout, so the tests use a checkout of their own.
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'sallyport-build-'));
  cpSync(inRoot('scripts/lib'), path.join(folder, 'scripts/lib'), { recursive: true });
  build = await import(pathToFileURL(path.join(folder, 'scripts/lib/build-targets.mjs')).href);
  for (const file of ['package-lock.json', 'vite.shared.ts', 'scripts/build.mjs']) put(file);
  for (const target of build.targets) {
    put(target.config);
    put(target.entry);
    put(target.output);
    for (const file of target.extra) put(file);
  }
  for (const target of build.targets) build.writeStamp(target, build.inputsHash(target));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** @param {string} file @param {string} [text] */
function put(file, text = '') {
  mkdirSync(path.join(folder, path.dirname(file)), { recursive: true });
  writeFileSync(path.join(folder, file), text);
}

const stale = () => build.targets.filter((target) => !build.isFresh(target)).map(({ name }) => name);

test('nothing is built again when nothing changed, or only a test did', () => {
  put('src/main/main.test.ts', 'changed');
  expect(stale()).toEqual([]);
});

test.each([
  ['src/session/ssh/new.ts', ['session']],
  ['src/ssh/new.ts', ['session', 'cli', 'lab']],
  ['src/recording/journal.ts', ['main', 'session', 'replay', 'cli', 'lab']],
  ['vite.renderer.config.ts', ['renderer']],
])('a change of %s rebuilds %j', (file, names) => {
  put(file, 'changed');
  expect(stale()).toEqual(names);
});

test('a change of the shared configuration rebuilds everything', () => {
  put('vite.shared.ts', 'changed');
  expect(stale()).toHaveLength(build.targets.length);
});

test('an interrupted build and a lost output are built again', () => {
  const [main, preload] = build.targets;
  if (!main || !preload) throw new Error('no targets');
  build.clearStamp(main);
  rmSync(path.join(folder, preload.output));
  expect(stale()).toEqual(['main', 'preload']);
});
