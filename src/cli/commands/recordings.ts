import { examples, type Register } from '../environment.ts';
import { duration, moment, short, size, table } from '../text.ts';
import { limit } from './audit.ts';
import { registerCat } from './recordings-cat.ts';
import { registerExport } from './recordings-export.ts';
import { registerInfo } from './recordings-info.ts';
import { registerVerify } from './recordings-verify.ts';

export const registerRecordings: Register = (program, open) => {
  const recordings = program
    .command('recordings')
    .summary('recordings: list, verify, show, export')
    .description('Recordings in the central store, or in a folder.');
  const list = recordings
    .command('list')
    .description('Prints the recordings that you may see, newest first.')
    .option('--limit <count>', 'how many', limit, 50)
    .action(async (options: { limit: number }, self) => {
      const session = open(self);
      const { recordings: found } = await session.client().call('listRecordings', { query: { limit: options.limit } });
      session.print({ recordings: found }, () =>
        table(
          ['RECORDING', 'STARTED (UTC)', 'PERSON', 'TARGET', 'LOGIN', 'LENGTH', 'SIZE', 'STATE', 'END'],
          found.map((each) => [
            each.sessionId,
            moment(each.startedAt),
            each.user.name,
            each.target.name,
            each.login,
            duration(each.durationMs),
            size(each.bytes),
            each.state,
            short(each.because ?? each.endReason ?? '-'),
          ]),
          'No recordings.',
        ),
      );
    });
  examples(list, ['sallyport --as mira recordings list --limit 20']);

  registerVerify(recordings, open);
  registerInfo(recordings, open);
  registerCat(recordings, open);
  registerExport(recordings, open);
};
