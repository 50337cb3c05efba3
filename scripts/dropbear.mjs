// Builds a dropbear with AES-GCM for the tests, from Debian's source: Debian's own is built without it, and Sallyport takes no other cipher. Once, into
// the cache folder, outside of the test run; about a minute. Needs Debian, its source packages within reach, and a compiler.
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { cacheFolder } from './lib/paths.mjs';
import { fail, StepError, say } from './lib/say.mjs';

const program = path.join(cacheFolder(), 'dropbear-gcm', 'dropbear');

/** @param {string} cwd @param {string} command @param {string[]} args */
function run(cwd, command, args) {
  const { status, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (status === 0) return;
  const why = error?.message ?? (stderr ?? '').trim().split('\n').slice(-4).join('\n');
  throw new StepError({ what: `${command} failed.`, why, todo: 'see the words above; the tests go on without it' });
}

/** @returns {string[]} where this machine gets its packages from */
function aptSources() {
  const parts = '/etc/apt/sources.list.d';
  const files = existsSync(parts) ? readdirSync(parts).filter((name) => /\.(?:list|sources)$/.test(name)) : [];
  return ['/etc/apt/sources.list', ...files.map((name) => path.join(parts, name))].filter((file) => existsSync(file));
}

/** @param {string} folder @returns {string} the folder of the patched source */
function fetchSource(folder) {
  const sources = path.join(folder, 'sources.list.d');
  mkdirSync(sources);
  for (const file of aptSources()) {
    const text = readFileSync(file, 'utf8');
    const asSource = file.endsWith('.sources')
      ? text.replace(/^Types:.*$/gm, 'Types: deb-src')
      : text.replace(/^deb(?:-src)? /gm, 'deb-src ');
    writeFileSync(path.join(sources, path.basename(file)), asSource);
  }
  mkdirSync(path.join(folder, 'lists', 'partial'), { recursive: true });
  // Lists of its own: the machine's stay as they are.
  const options = [
    'Dir::Etc::sourcelist=-',
    `Dir::Etc::sourceparts=${sources}`,
    `Dir::State::lists=${path.join(folder, 'lists')}`,
  ].flatMap((option) => ['-o', option]);
  run(folder, 'apt-get', [...options, '-qq', 'update']);
  run(folder, 'apt-get', [...options, '-qq', 'source', '--download-only', 'dropbear']);
  const archives = readdirSync(folder).filter((name) => /\.tar\.\w+$/.test(name));
  const [original, debian] = [/\.orig\.tar/, /\.debian\.tar/].map((each) => archives.find((name) => each.test(name)));
  run(folder, 'tar', ['xf', original ?? '']);
  const source = path.join(folder, readdirSync(folder).find((name) => /^dropbear-[\d.]+$/.test(name)) ?? '');
  run(folder, 'tar', ['xf', debian ?? '', '-C', source]);
  const series = readFileSync(path.join(source, 'debian', 'patches', 'series'), 'utf8').split('\n');
  for (const patch of series.filter((line) => line !== '' && !line.startsWith('#')))
    run(source, 'patch', ['-s', '-p1', '-i', path.join('debian', 'patches', patch)]);
  return source;
}

function build() {
  if (existsSync(program)) {
    say(`ok     ${program}`);
    return;
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-dropbear-'));
  try {
    const source = fetchSource(folder);
    run(source, './configure', [
      '--disable-zlib',
      '--disable-pam',
      '--disable-lastlog',
      '--disable-utmp',
      '--disable-wtmp',
    ]);
    appendFileSync(path.join(source, 'localoptions.h'), '#define DROPBEAR_ENABLE_GCM_MODE 1\n');
    run(source, 'make', [`-j${availableParallelism()}`, 'PROGRAMS=dropbear']);
    mkdirSync(path.dirname(program), { recursive: true });
    copyFileSync(path.join(source, 'dropbear'), program);
    say(`ok     ${program}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  build();
} catch (error) {
  fail(error);
}
