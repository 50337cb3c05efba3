import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { certificateOf } from '../../harness/certificate-grant.ts';
import { type Binding, startAgent } from './ssh-agent.ts';
import type { Session, World } from './world.ts';

/** OpenSSH's own client, logging in through `port` with the broker's signature. */
export interface SshRun {
  child: ChildProcess;
  output(): string;
  errors(): string;
  exited: Promise<number | null>;
  /** Resolves when the output holds `text`. */
  shows(text: string): Promise<void>;
  /** What the broker was asked, as it was sent. */
  asked(): Record<string, string> | null;
  /** How many signatures the broker gave. */
  signatures(): number;
}

export async function runSsh(options: {
  world: World;
  session: Session;
  port: number;
  command: string;
  cipher?: string;
  /** Without a terminal bytes pass as they are. */
  raw?: boolean;
  /** How often the broker is asked for the same signature, all at once. */
  tries?: number;
}): Promise<SshRun> {
  const { world, session, port } = options;
  const known = path.join(world.folder, `known-${randomUUID()}`);
  writeFileSync(known, session.grant.hostKeys.map((line) => `target ${line}\n`).join(''));
  const agentPath = path.join(world.folder, `${randomUUID().slice(0, 8)}.agent`);
  let asked: Record<string, string> | null = null;
  let signatures = 0;
  const agent = await startAgent({
    path: agentPath,
    certificate: Buffer.from(certificateOf(session.grant).certificate, 'base64'),
    async sign(binding: Binding, toSign) {
      const body = {
        sshSessionId: binding.sshSessionId.toString('base64'),
        hostKey: binding.hostKey.toString('base64'),
        hostSignature: binding.hostSignature.toString('base64'),
        toSign: toSign.toString('base64'),
      };
      asked = body;
      const ask = () => session.device.client.call('loginSignature', { params: { sessionId: session.id }, body });
      const answers = await Promise.allSettled(Array.from({ length: options.tries ?? 1 }, ask));
      const given = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value.signature] : []));
      signatures += given.length;
      return given[0] === undefined ? null : Buffer.from(given[0], 'base64');
    },
  });
  const child = spawn('ssh', [
    '-F',
    'none',
    '-p',
    String(port),
    '-c',
    options.cipher ?? 'aes256-gcm@openssh.com',
    '-o',
    `IdentityAgent=${agentPath}`,
    // The method of RFC 4252 itself, not OpenSSH's host-bound variant of it.
    '-o',
    'PubkeyAuthentication=unbound',
    '-o',
    'PreferredAuthentications=publickey',
    '-o',
    `UserKnownHostsFile=${known}`,
    '-o',
    'GlobalKnownHostsFile=none',
    '-o',
    'StrictHostKeyChecking=yes',
    '-o',
    'HostKeyAlias=target',
    '-o',
    'LogLevel=VERBOSE',
    options.raw === true ? '-T' : '-tt',
    `${session.grant.login}@127.0.0.1`,
    options.command,
  ]);
  let output = '';
  let errors = '';
  child.stderr.on('data', (text) => {
    errors += text;
  });
  const exited = new Promise<number | null>((resolve) => {
    child.on('close', (code) => {
      agent.close();
      resolve(code);
    });
  });
  return {
    child,
    output: () => output,
    errors: () => errors,
    exited,
    asked: () => asked,
    signatures: () => signatures,
    shows: (text) =>
      new Promise((resolve, reject) => {
        const look = () => output.includes(text) && resolve();
        child.stdout.on('data', look);
        look();
        void exited.then((code) => reject(new Error(`ssh ended (${code}) without "${text}": ${errors}`)));
      }),
    ...(child.stdout.on('data', (text) => {
      output += text;
    }) && {}),
  };
}
