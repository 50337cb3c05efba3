import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import { LabError } from '../lab-error.ts';
import { type Running, runProgram, startProcess } from '../processes.ts';
import { prepareHome } from './home.ts';
import { sshdConfigText } from './sshd-config.ts';

const program = '/usr/sbin/sshd';

/** One real target: an OpenSSH server on loopback. */
export interface SshTarget {
  name: string;
  port: number;
  /** OpenSSH line of its host key. */
  hostKey: string;
  /** The account one logs in as: the one that runs the lab, since no other may exist. */
  login: string;
  /** What sshd says, each line stamped when it was read: `<ISO time with ms> <line>`. */
  log: string;
  home: string;
  process: Running;
}

export function loginAccount(): string {
  return userInfo().username;
}

/** Makes the host key on the first start; returns its OpenSSH line without comment. */
export async function hostKeyOf(folder: string): Promise<string> {
  const key = path.join(folder, 'host_key');
  if (!existsSync(key)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const made = await runProgram('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', key]);
    if (made.code !== 0)
      throw new LabError(
        `ssh-keygen made no host key: ${made.stderr.trim()}`,
        'Run `npm run setup`; it installs the OpenSSH client.',
      );
  }
  return readFileSync(`${key}.pub`, 'utf8').trim().split(/\s+/).slice(0, 2).join(' ');
}

/**
 * Starts sshd for a target and resolves when it listens. Throws `LabError` when sshd is missing or refuses its configuration.
 * `authority` is the OpenSSH line of the user certificate authority.
 */
export async function startSshd(options: {
  name: string;
  folder: string;
  port: number;
  authority: string;
}): Promise<SshTarget> {
  const { name, folder, port } = options;
  if (!existsSync(program))
    throw new LabError(
      `${program} is missing, so there is nothing to log in to.`,
      'Run `npm run setup`; it installs openssh-server without starting it.',
    );
  const hostKey = await hostKeyOf(folder);
  // sshd wants its empty folder for privilege separation, and only root can make it.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const trustedAuthorities = path.join(folder, 'authorities.pub');
  writeFileSync(trustedAuthorities, `${options.authority}\n`);
  const config = path.join(folder, 'sshd_config');
  const shell = prepareHome({ folder, host: name });
  writeFileSync(config, sshdConfigText({ port, hostKey: path.join(folder, 'host_key'), trustedAuthorities, shell }));
  const log = path.join(folder, 'sshd.log');
  let said = '';
  let heard: () => void = () => undefined;
  const listening = new Promise<void>((resolve) => {
    heard = resolve;
  });
  const child = startProcess({
    name: `sshd ${name}`,
    command: program,
    args: ['-D', '-e', '-f', config],
    env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin' },
    onErrorLine(line) {
      const text = line.replace(/\r$/, '');
      appendFileSync(log, `${new Date().toISOString()} ${text}\n`);
      said = `${said}${text}\n`.slice(-2000);
      if (text.startsWith('Server listening on')) heard();
    },
  });
  const ended = child.exited.then((code) => {
    throw new LabError(`sshd for ${name} ended at once (${code}): ${said.trim()}`, `Look into ${log}.`);
  });
  await Promise.race([listening, ended]);
  ended.catch(() => undefined);
  return { name, port, hostKey, login: loginAccount(), log, home: path.join(folder, 'home'), process: child };
}
