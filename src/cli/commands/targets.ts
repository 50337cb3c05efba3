import { InvalidArgumentError } from 'commander';
import type { TargetView } from '../../shared/model/target.ts';
import { examples, type Register } from '../environment.ts';
import { scanHostKeys } from '../scan-host-key.ts';
import { table } from '../text.ts';

interface Place {
  host: string;
  port: number;
}

function place(text: string): Place {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? 22 : Number(match[3]);
  if (host === undefined || port < 1 || port > 65_535)
    throw new InvalidArgumentError('HOST or HOST:PORT; IPv6 as [ADDRESS]:PORT.');
  return { host, port };
}

/** A password that reaches the device is a risk: said wherever the login is shown. */
function loginWords(login: TargetView['logins'][number]): string {
  return login.credential === 'sealed-password' ? `${login.name} (password reaches the endpoint)` : login.name;
}

export const registerTargets: Register = (program, open) => {
  const targets = program
    .command('targets')
    .summary('targets and their host keys')
    .description('Targets you may reach, and the host keys they show.');
  const list = targets
    .command('list')
    .description('Prints the targets that the named person may see.')
    .action(async (_options: unknown, self) => {
      const session = open(self);
      const { targets: found } = await session.client().call('listTargets', {});
      session.print({ targets: found }, () =>
        table(
          ['TARGET', 'ADDRESS', 'ROUTE', 'LOGINS', 'NEEDS', 'LABELS', 'STATE'],
          found.map((target) => [
            target.name,
            target.address,
            target.route === 'direct' ? 'direct, best effort' : target.route,
            target.logins.map(loginWords).join(' ') || '-',
            target.needs.join(' ') || '-',
            Object.entries(target.labels)
              .map(([name, value]) => `${name}=${value}`)
              .join(' ') || '-',
            target.lock !== null
              ? `locked by ${target.lock.by}`
              : target.unreachable !== null
                ? 'unreachable'
                : 'ready',
          ]),
          'No targets. Policies decide who sees which.',
        ),
      );
    });
  examples(list, ['sallyport --as jonas targets list']);

  const scan = targets
    .command('scan-host-key')
    .description(
      'Connects to an SSH server as far as its host keys, and prints each as a line for the document, with its fingerprint. Nothing is sent that logs in, and no control server is asked. Compare the fingerprint with the server itself before you trust it.',
    )
    .argument('<host[:port]>', 'the SSH server; port 22 when none is said', place)
    .action(async (at: Place, _options: unknown, self) => {
      const session = open(self);
      const keys = await scanHostKeys(at);
      session.print({ keys }, () => keys.map((key) => `${key.line}\n# ${key.fingerprint}\n`).join(''));
    });
  examples(scan, [
    'sallyport targets scan-host-key web-01.example.com',
    'sallyport targets scan-host-key 10.0.0.7:2222 --json',
  ]);
};
