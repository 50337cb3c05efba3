// Stands in for the loader that Electron's own archive brings and the fallback lacks: starts the app named on the command
// line. Goes into resources/default_app.asar; runs as Electron's main program.
const { existsSync, readFileSync, statSync } = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const { app } = require('electron');

const preloads = [];
let target;
for (let at = 1; at < process.argv.length && target === undefined; at += 1) {
  const arg = process.argv[at];
  if (arg === '-r' || arg === '--require') {
    at += 1;
    preloads.push(process.argv[at]);
  } else if (!arg.startsWith('-')) {
    target = path.resolve(arg);
  }
}

// Test drivers name a module to load first.
for (const preload of preloads) Module._load(require.resolve(preload), module, false);

if (target === undefined || !existsSync(target)) {
  process.stderr.write(`Usage: electron [options] FOLDER\n${target ? `${target} does not exist.\n` : ''}`);
  app.exit(2);
} else {
  let entry = target;
  if (statSync(target).isDirectory()) {
    const manifest = JSON.parse(readFileSync(path.join(target, 'package.json'), 'utf8'));
    app.setAppPath(target);
    app.setName(manifest.productName ?? manifest.name ?? 'Electron');
    if (manifest.version) app.setVersion(manifest.version);
    app.setDesktopName?.(`${manifest.name}.desktop`);
    entry = path.join(target, manifest.main ?? 'index.js');
  }
  Module._load(entry, module, true);
}
