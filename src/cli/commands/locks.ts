import { examples, type Register } from '../environment.ts';
import { moment, table } from '../text.ts';

export const registerLocks: Register = (program, open) => {
  const locks = program
    .command('locks')
    .summary('locks that keep people out of targets')
    .description('A kill locks its person out of the target until someone lifts the lock.');
  const list = locks
    .command('list')
    .description('Prints the locks in force.')
    .action(async (_options: unknown, self) => {
      const session = open(self);
      const { locks: found } = await session.client().call('listLocks', {});
      session.print({ locks: found }, () =>
        table(
          ['LOCK', 'PERSON', 'TARGET', 'SINCE (UTC)', 'BY', 'REASON'],
          found.map((lock) => [lock.id, lock.user.name, lock.target.name, moment(lock.at), lock.by, lock.reason]),
          'No locks.',
        ),
      );
    });
  examples(list, ['sallyport --as mira locks list']);
  const lift = locks
    .command('lift')
    .description('Lifts a lock: its person may connect to the target again.')
    .argument('<lock>', 'the id of the lock')
    .action(async (lockId: string, _options: unknown, self) => {
      const session = open(self);
      await session.client().call('liftLock', { params: { lockId } });
      session.print({ lifted: lockId }, () => `Lock ${lockId} is lifted.\n`);
    });
  examples(lift, ['sallyport --as mira locks lift 0b7c2f4e-...']);
};
