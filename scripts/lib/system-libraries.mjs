// The system's own programs and libraries that the launcher, the lab and the tests need. Plain Node >= 20.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { platform } from 'node:os';
import { isRoot } from './paths.mjs';
import { wantNoCluster } from './postgres.mjs';
import { StepError, say } from './say.mjs';

/**
 * Debian packages, each with what it is for. A list names alternatives: newer releases renamed some libraries. Without an `optional` one some tests
 * are not run.
 * @type {{ names: string[], purpose: string, optional?: true }[]}
 */
const debianPackages = [
  { names: ['libgtk-3-0', 'libgtk-3-0t64'], purpose: 'Electron' },
  { names: ['libnss3'], purpose: 'Electron' },
  { names: ['libasound2', 'libasound2t64'], purpose: 'Electron' },
  { names: ['libgbm1'], purpose: 'Electron' },
  { names: ['xvfb'], purpose: 'running without a display' },
  { names: ['xauth'], purpose: 'running without a display' },
  { names: ['openssh-server'], purpose: 'the lab: real SSH targets' },
  { names: ['openssh-client'], purpose: 'the lab and checking signatures' },
  { names: ['dropbear-bin'], purpose: 'tests: an SSH target that is not OpenSSH' },
  {
    names: ['postgresql-15', 'postgresql-16', 'postgresql-17', 'postgresql-18', 'postgresql'],
    purpose: 'tests: the server on PostgreSQL',
    optional: true,
  },
  { names: ['age'], purpose: 'checking recordings' },
  { names: ['zstd'], purpose: 'checking recordings' },
  { names: ['jq'], purpose: 'checking recordings' },
  { names: ['openssl'], purpose: 'checking recordings' },
  { names: ['perl'], purpose: 'checking recordings' },
  { names: ['python3'], purpose: 'building node-pty' },
  { names: ['make'], purpose: 'building node-pty' },
  { names: ['g++'], purpose: 'building node-pty' },
];

/** What to look for on a Linux that is not Debian: programs only, libraries have no common names. */
const programs = ['sshd', 'ssh-keygen', 'age', 'zstd', 'jq', 'openssl', 'perl', 'Xvfb', 'make', 'python3', 'g++'];

const policyFile = '/usr/sbin/policy-rc.d';

function isDebian() {
  return existsSync('/etc/debian_version') && existsSync('/usr/bin/dpkg-query');
}

/** @returns {{ name: string, optional: boolean }[]} packages that are not installed, the first of each list of alternatives that apt could know */
function missingDebianPackages() {
  const names = debianPackages.flatMap((entry) => entry.names);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own placeholders
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\\n', ...names], {
    encoding: 'utf8',
  });
  const installed = new Set();
  for (const line of stdout.split('\n')) {
    const [name, status] = line.split(' ');
    if (status === 'installed') installed.add(name);
  }
  return debianPackages
    .filter((entry) => !entry.names.some((name) => installed.has(name)))
    .map((entry) => ({
      name: entry.names.find(isKnownToApt) ?? entry.names[0] ?? '',
      optional: entry.optional === true,
    }));
}

/** @param {string} name @param {number} _index @param {string[]} all */
function isKnownToApt(name, _index, all) {
  if (all.length === 1) return true;
  const { stdout } = spawnSync('apt-cache', ['policy', name], { encoding: 'utf8' });
  return /Candidate: (?!\(none\))/.test(stdout ?? '');
}

/** @param {string[]} args @returns {{ ok: boolean, words: string }} */
function apt(args) {
  const result = spawnSync('apt-get', args, {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  });
  const words = `${result.stdout ?? ''}\n${result.stderr ?? ''}`.trim().split('\n').slice(-8).join('\n       ');
  return { ok: result.status === 0, words: result.error?.message ?? words };
}

/**
 * Runs `work` while package scripts may start no daemon (policy-rc.d, Debian's invoke-rc.d contract: 101 forbids).
 * @param {() => void} work
 */
function withoutDaemons(work) {
  const kept = `${policyFile}.sallyport-kept`;
  const own = "#!/bin/sh\n# Set for the time of an installation by Sallyport's set-up.\nexit 101\n";
  const foreign = existsSync(policyFile) && readFileSync(policyFile, 'utf8') !== own;
  if (foreign) renameSync(policyFile, kept);
  writeFileSync(policyFile, own);
  chmodSync(policyFile, 0o755);
  try {
    work();
  } finally {
    rmSync(policyFile, { force: true });
    if (existsSync(kept)) renameSync(kept, policyFile);
  }
}

/** @param {string[]} missing */
function installOnDebian(missing) {
  const words = {
    what: `System packages could not be installed: ${missing.join(' ')}.`,
    todo: `run \`apt-get update && apt-get install --no-install-recommends ${missing.join(' ')}\`, see what it says, and try again`,
  };
  say(`  installing ${missing.join(' ')}`);
  const update = apt(['update', '-q']);
  if (!update.ok) throw new StepError({ ...words, why: `apt-get update: ${update.words}` });
  if (missing.some((name) => name.startsWith('postgresql'))) wantNoCluster();
  withoutDaemons(() => {
    const install = apt(['install', '-y', '-q', '--no-install-recommends', ...missing]);
    if (!install.ok) throw new StepError({ ...words, why: `apt-get install: ${install.words}` });
  });
  // Installed for the lab, which runs its own; the machine must not offer SSH to the network after the next boot.
  if (missing.includes('openssh-server') && existsSync('/run/systemd/system')) {
    spawnSync('systemctl', ['disable', '--now', 'ssh.service', 'ssh.socket'], { stdio: 'ignore' });
  }
}

/** @param {string} name */
function onPath(name) {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'];
  return folders.some((folder) => existsSync(`${folder}/${name}`));
}

/**
 * @returns {string} a few words on what was done
 * @throws {StepError} when something is missing that cannot be installed from here
 */
export function installSystemLibraries() {
  if (platform() !== 'linux') return `nothing to do on ${platform()}`;
  if (!isDebian()) {
    const missing = programs.filter((name) => !onPath(name));
    if (missing.length === 0) return 'the programs are there (libraries are not checked on this distribution)';
    throw new StepError({
      what: `Programs are missing: ${missing.join(', ')}.`,
      why: 'the launcher, its lab and its tests use them, and this distribution is not one whose packages are known here',
      todo: 'install them (and the libraries that Electron needs: GTK 3, NSS, ALSA, GBM) and run the command again',
    });
  }
  const lacking = missingDebianPackages();
  const missing = lacking.map(({ name }) => name);
  if (missing.length === 0) return 'all there';
  if (!isRoot()) {
    if (lacking.every(({ optional }) => optional)) return `all there but ${missing.join(' ')} (some tests are not run)`;
    throw new StepError({
      what: `System packages are missing: ${missing.join(' ')}.`,
      why: 'installing them needs root, and this is an ordinary user',
      todo: `run: sudo apt-get update && sudo apt-get install --no-install-recommends ${missing.join(' ')}`,
    });
  }
  installOnDebian(missing);
  return `installed ${missing.length} packages, no daemon started`;
}

/**
 * Installs Debian packages that only one command needs.
 * @param {string} program @param {string[]} names its packages
 * @throws {StepError} where that cannot be done from here
 */
export function installForCommand(program, names) {
  if (onPath(program)) return;
  if (platform() !== 'linux' || !isDebian() || !isRoot()) {
    throw new StepError({
      what: `${program} is missing.`,
      why: 'this command needs it, and installing it from here takes root on Debian',
      todo: `install it (Debian: sudo apt-get install --no-install-recommends ${names.join(' ')}) and run the command again`,
    });
  }
  installOnDebian(names);
}
