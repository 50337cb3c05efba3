import process from 'node:process';
import { SallyportError } from '../../shared/errors/result.ts';
import { examples, type Register, UsageError } from '../environment.ts';
import { refuseNotGiven } from '../given-descriptor.ts';
import { askPassword, readPasswordFrom } from '../read-password.ts';
import { moment, table } from '../text.ts';

export const registerSecrets: Register = (program, open) => {
  const secrets = program
    .command('secrets')
    .summary('passwords of logins, in the vault')
    .description(
      'Passwords of logins that the document declares with "credential: password" or "sealed-password". They go into the vault and come out for a login only: no command prints one. Needs the role engineer.',
    );
  const set = secrets
    .command('set')
    .description(
      'Stores the password of a login; one that is stored already is replaced. On a terminal it asks twice, without echo; otherwise it reads standard input, or the descriptor after --fd, to the end. A password is never an argument: arguments are shown to every user of the machine.',
    )
    .argument('<target>', 'the name of the target')
    .argument('<login>', 'the login on it')
    .option('--fd <number>', 'read the password from this file descriptor')
    .action(async (target: string, login: string, options: { fd?: string }, self) => {
      const session = open(self);
      // Who acts and where is found out before anyone types a password.
      const client = session.client();
      const password = await readPassword(options.fd, session.say);
      try {
        await client.call('setSecret', { params: { target, login }, content: password });
      } finally {
        password.fill(0);
      }
      session.print({ set: { target, login } }, () => `The password of ${login} on ${target} is stored.\n`);
    });
  examples(set, [
    'sallyport --as sanna secrets set switch-01 admin',
    'pass show switch-01 | head -n 1 | sallyport --as sanna secrets set switch-01 admin',
    'sallyport --as sanna secrets set switch-01 admin --fd 3 3<password.txt',
  ]);
  const list = secrets
    .command('list')
    .description('Prints which passwords are stored, since when and by whom. Never a password.')
    .action(async (_options: unknown, self) => {
      const session = open(self);
      const { secrets: found } = await session.client().call('listSecrets', {});
      session.print({ secrets: found }, () =>
        table(
          ['TARGET', 'LOGIN', 'SET (UTC)', 'BY', 'IN USE'],
          found.map((each) => [
            each.target,
            each.login,
            moment(each.setAt),
            each.setBy ?? '-',
            each.used ? 'yes' : 'no: no target has this login by password',
          ]),
          'No passwords.',
        ),
      );
    });
  examples(list, ['sallyport --as sanna secrets list']);
  const remove = secrets
    .command('remove')
    .description(
      'Removes the password of a login from the vault. Sessions that run go on; nobody connects with it any more.',
    )
    .argument('<target>', 'the name of the target')
    .argument('<login>', 'the login on it')
    .action(async (target: string, login: string, _options: unknown, self) => {
      const session = open(self);
      await session.client().call('removeSecret', { params: { target, login } });
      session.print({ removed: { target, login } }, () => `The password of ${login} on ${target} is removed.\n`);
    });
  examples(remove, ['sallyport --as sanna secrets remove switch-01 admin']);
};

function readPassword(fd: string | undefined, say: (text: string) => void): Promise<Buffer> | Buffer {
  if (fd !== undefined) {
    if (!/^\d{1,4}$/.test(fd)) throw new UsageError('--fd takes the number of an open file descriptor, e.g. --fd 3.');
    refuseNotGiven(Number(fd));
    return readPasswordFrom(Number(fd));
  }
  if (!process.stdin.isTTY) return readPasswordFrom(0);
  if (typeof process.stdin.setRawMode !== 'function')
    throw new SallyportError('SP-5001', 'This terminal cannot hide what is typed. Give the password with --fd.');
  return askPassword(process.stdin, say);
}
