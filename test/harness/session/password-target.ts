import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, type Sshd, stopChild, until } from './sshd.ts';

/** A real server that logs one account in by password. */
export interface PasswordTarget extends Pick<Sshd, 'port' | 'login' | 'hostKey' | 'authority' | 'log' | 'logged'> {
  password: string;
  stop(): Promise<void>;
}

/** Checking a password takes root: the account exists in a private mount namespace only, never on the machine. */
export const canCheckPasswords = process.getuid?.() === 0 && existsSync('/usr/sbin/sshd');

const login = 'vaulted';
const pam = ['auth required pam_unix.so', 'account required pam_unix.so', 'session required pam_permit.so', ''];

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-password-target-'));
  // The account's shell starts in it.
  execFileSync('chmod', ['755', folder]);
  mkdirSync(join(folder, 'home'));
  for (const name of ['host', 'ca'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(folder, name)]);
  return folder;
}

async function start(
  folder: string,
  password: string,
  command: string[],
  port: number,
  expired = false,
): Promise<PasswordTarget> {
  const hash = execFileSync('openssl', ['passwd', '-6', '-stdin'], { input: `${password}\n`, encoding: 'utf8' }).trim();
  const passwd = readFileSync('/etc/passwd', 'utf8');
  writeFileSync(join(folder, 'passwd'), `${passwd}${login}:x:64123:64123::${join(folder, 'home')}:/bin/bash\n`);
  writeFileSync(join(folder, 'shadow'), `${login}:${hash}:${expired ? 0 : 19000}:0:99999:7:::\n`, { mode: 0o600 });
  writeFileSync(join(folder, 'pam'), pam.join('\n'));
  const logFile = join(folder, 'log');
  writeFileSync(logFile, '');
  mkdirSync('/run/sshd', { recursive: true });
  const script = [
    ...(['passwd', 'shadow'] as const).map((name) => `mount --bind ${join(folder, name)} /etc/${name}`),
    `mount --bind ${join(folder, 'pam')} /etc/pam.d/sshd`,
    `exec ${command.join(' ')} 2>>${logFile}`,
  ].join(' && ');
  const child: ChildProcess = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script], {
    stdio: 'ignore',
  });
  const log = () => readFileSync(logFile, 'utf8');
  const target: PasswordTarget = {
    port,
    login,
    password,
    hostKey: readFileSync(join(folder, 'host.pub'), 'utf8').trim(),
    authority: join(folder, 'ca'),
    log,
    logged: (pattern) => until(() => pattern.test(log()), `${pattern} in the target's log`),
    async stop() {
      await stopChild(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await until(() => listens(port), 'the target to listen');
  return target;
}

/** Whether something listens there, without connecting: a probe would be in the log. */
function listens(port: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return new RegExp(`0100007F:${hex} 00000000:0000 0A`).test(readFileSync('/proc/net/tcp', 'utf8'));
}

/** OpenSSH with PAM. `extra`: lines of sshd_config that come first. `expired`: the password must be changed at the next login. */
export async function startPasswordSshd(options: {
  password: string;
  expired?: boolean;
  banner?: string;
  extra?: string[];
}): Promise<PasswordTarget> {
  const folder = makeFolder();
  const port = await freePort();
  if (options.banner !== undefined) writeFileSync(join(folder, 'banner'), options.banner);
  const config = [
    ...(options.extra ?? []),
    ...(options.banner === undefined ? [] : [`Banner ${join(folder, 'banner')}`]),
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${join(folder, 'host')}`,
    'PidFile none',
    'AuthorizedKeysFile none',
    'PubkeyAuthentication no',
    'PasswordAuthentication yes',
    'KbdInteractiveAuthentication yes',
    'StrictModes no',
    'UsePAM yes',
    'PrintMotd no',
    'PrintLastLog no',
    'Subsystem sftp internal-sftp',
    'LogLevel DEBUG1',
  ];
  writeFileSync(join(folder, 'sshd_config'), `${config.join('\n')}\n`);
  const command = ['/usr/sbin/sshd', '-D', '-f', join(folder, 'sshd_config'), '-E', join(folder, 'log')];
  return start(folder, options.password, command, port, options.expired);
}

/** Dropbear. `program`: another build of it than Debian's. */
export async function startDropbear(options: { password: string; program?: string }): Promise<PasswordTarget> {
  const folder = makeFolder();
  const port = await freePort();
  const key = join(folder, 'host.dropbear');
  execFileSync('dropbearconvert', ['openssh', 'dropbear', join(folder, 'host'), key], { stdio: 'pipe' });
  const program = options.program ?? 'dropbear';
  return start(
    folder,
    options.password,
    [program, '-F', '-E', '-p', `127.0.0.1:${port}`, '-r', key, '-P', join(folder, 'pid')],
    port,
  );
}
