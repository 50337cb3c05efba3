// The licences of everything that the launcher carries: the packages its sources import, with all that these need, and the
// parts that are no package. Read from the lock file and node_modules; the same for the same lock file, on every machine: a native
// package's parts for one system (optional dependencies) stand under the licence of the package that asks for them.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { importsOf } from './layers.mjs';
import { standardText } from './licence-texts.mjs';
import { inRoot } from './paths.mjs';

/** @typedef {{ name: string, version: string, licence: string, text: string }} Licence */
/** @typedef {{ version?: string, dev?: boolean, license?: string, dependencies?: Record<string, string>, peerDependencies?: Record<string, string>, peerDependenciesMeta?: Record<string, { optional?: boolean }>, optionalDependencies?: Record<string, string> }} Locked */

/** The folders of src that become the launcher. */
const launcherFolders = ['about', 'main', 'preload', 'recording', 'renderer', 'replay', 'session', 'shared', 'ssh'];

/** @param {string} folder @returns {string[]} sources and style sheets below it, without tests */
function sourcesOf(folder) {
  const absolute = inRoot('src', folder);
  if (!existsSync(absolute)) return [];
  return readdirSync(absolute, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(tsx?|css)$/.test(name) && !/\.(test\.tsx?|d\.ts)$/.test(name))
    .map((name) => path.join(absolute, name))
    .sort();
}

/** @param {string} request @returns {string} */
function packageOf(request) {
  return request
    .split('/')
    .slice(0, request.startsWith('@') ? 2 : 1)
    .join('/');
}

/** @returns {string[]} the packages that the launcher's sources name, sorted */
export function importedPackages() {
  const names = new Set();
  for (const file of launcherFolders.flatMap(sourcesOf)) {
    const text = readFileSync(file, 'utf8');
    const requests = file.endsWith('.css')
      ? [...text.matchAll(/@import\s+"([^"]+)"/g)].map((match) => match[1] ?? '')
      : importsOf(file, text)
          .filter(({ typeOnly }) => !typeOnly)
          .map(({ request }) => request);
    for (const request of requests) {
      if (/^[./]/.test(request) || isBuiltin(request) || packageOf(request) === 'electron') continue;
      names.add(packageOf(request));
    }
  }
  return [...names].sort();
}

/**
 * Where Node finds `name` when the package at `from` asks for it.
 * @param {Record<string, Locked>} locked @param {string} from a path in the lock file @param {string} name
 * @returns {string | undefined}
 */
function resolveIn(locked, from, name) {
  for (let home = from; ; ) {
    const place = home === '' ? `node_modules/${name}` : `${home}/node_modules/${name}`;
    if (locked[place]) return place;
    if (home === '') return undefined;
    const cut = home.lastIndexOf('/node_modules/');
    home = cut < 0 ? '' : home.slice(0, cut);
  }
}

/** @param {string} text @returns {string} */
function tidy(text) {
  return `${text.replaceAll('\r\n', '\n').trim()}\n`;
}

/** @param {string} folder @returns {string | undefined} every licence file of a package, one after the other */
function textIn(folder) {
  const files = readdirSync(folder)
    .filter((name) => /^(licen[cs]e|copying|notice|ofl)([.-].*)?$/i.test(name) && !/\.(js|ts|json|html)$/i.test(name))
    .sort();
  return files.length === 0
    ? undefined
    : files.map((name) => tidy(readFileSync(path.join(folder, name), 'utf8'))).join('\n');
}

/**
 * @returns {Licence[]} sorted by name and version. Throws when a package that is carried is marked as a tool in the lock file, has no licence, or has
 * none whose text is known.
 */
export function collectLicences() {
  /** @type {{ packages: Record<string, Locked> }} */
  const { packages: locked } = JSON.parse(readFileSync(inRoot('package-lock.json'), 'utf8'));
  /** @type {Set<string>} */
  const places = new Set();
  const queue = importedPackages().map((name) => ({ from: '', name }));
  for (let next = queue.shift(); next; next = queue.shift()) {
    const place = resolveIn(locked, next.from, next.name);
    if (!place) throw new Error(`${next.name} is imported and not in the lock file`);
    if (places.has(place)) continue;
    const entry = locked[place] ?? {};
    if (entry.dev) throw new Error(`${next.name} travels with the launcher and is a devDependency`);
    places.add(place);
    const peers = Object.keys(entry.peerDependencies ?? {}).filter(
      (name) => !entry.peerDependenciesMeta?.[name]?.optional,
    );
    for (const name of [...Object.keys(entry.dependencies ?? {}), ...peers]) {
      // Types and Electron itself are peers that are not carried.
      if (name === 'electron' || name.startsWith('@types/')) continue;
      queue.push({ from: place, name });
    }
  }
  const carried = [...places].map((place) => licenceOf(place, locked[place] ?? {}));
  const unique = new Map([...carried, ...otherParts()].map((one) => [`${one.name}@${one.version}`, one]));
  return [...unique.values()].sort((a, b) => compare(a.name, b.name) || compare(a.version, b.version));
}

/** @param {string} a @param {string} b */
function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** @param {string} place @param {Locked} entry @returns {Licence} */
function licenceOf(place, entry) {
  const name = place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const folder = inRoot(...place.split('/'));
  const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  // Older packages have a list of objects.
  const licence = manifest.license?.type ?? manifest.license ?? manifest.licenses?.[0]?.type ?? entry.license;
  if (!licence) throw new Error(`${name} names no licence`);
  const text = textIn(folder) ?? standardText(licence, manifest);
  if (!text) throw new Error(`${name} (${licence}) has no licence text: add it to scripts/lib/licence-texts.mjs`);
  return { name, version: entry.version ?? '', licence, text };
}

/** @returns {Licence[]} what is carried and is no package of the lock file's production part; their versions are those that run, which the window knows */
function otherParts() {
  const text = tidy(readFileSync(inRoot('node_modules', 'electron', 'LICENSE'), 'utf8'));
  return [
    { name: 'Electron', version: '', licence: 'MIT', text },
    {
      name: 'Chromium, Node.js and their parts',
      version: '',
      licence: 'BSD-3-Clause, MIT and others',
      text: 'Their licences lie beside the program, as Electron brings them: LICENSES.chromium.html.\n',
    },
  ];
}
