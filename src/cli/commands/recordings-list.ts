import { type Command, InvalidArgumentError, Option } from 'commander';
import { examples, type Session } from '../environment.ts';
import { duration, moment, short, size, table } from '../text.ts';
import { limit } from './audit.ts';

const dayMs = 86_400_000;

/** A day, a moment (both ISO 8601), or so many days ago as in `7d`. Answers ISO 8601. */
export function time(text: string): string {
  const days = /^(\d{1,4})d$/.exec(text)?.[1];
  const at = days === undefined ? Date.parse(text) : Date.now() - Number(days) * dayMs;
  if (Number.isNaN(at) || (days === undefined && !/^\d{4}-\d\d-\d\d/.test(text)))
    throw new InvalidArgumentError('A day as 2026-11-17, a moment as 2026-11-17T08:00Z, or days ago as 7d.');
  return new Date(at).toISOString();
}

/** Which recordings: the same of lists and of searches. */
export interface WhichOptions {
  user?: string;
  target?: string;
  since?: string;
  until?: string;
  mine?: boolean;
}

export function whichOptions(command: Command): Command {
  return command
    .option('--user <name>', 'of people whose name or id has this in it')
    .option('--target <name>', 'on targets whose name has this in it')
    .option('--since <time>', 'started then or later: 2026-11-17, or 7d for seven days ago', time)
    .option('--until <time>', 'started before then', time)
    .option('--mine', 'only your own');
}

/** As the API takes it. */
export function whichQuery({ user, target, since, until, mine }: WhichOptions) {
  return {
    ...(user === undefined ? {} : { user }),
    ...(target === undefined ? {} : { target }),
    ...(since === undefined ? {} : { from: since }),
    ...(until === undefined ? {} : { to: until }),
    ...(mine === true ? { mine: 'yes' as const } : {}),
  };
}

interface ListOptions extends WhichOptions {
  limit: number;
  state?: 'running' | 'complete' | 'incomplete' | 'killed';
  reviewed?: boolean;
  unreviewed?: boolean;
  held?: boolean;
}

export function registerList(recordings: Command, open: (command: Command) => Session): void {
  const list = whichOptions(
    recordings.command('list').description('Prints the recordings that you may see, newest first.'),
  )
    .addOption(new Option('--state <state>', 'in this state').choices(['running', 'complete', 'incomplete', 'killed']))
    .option('--reviewed', 'marked as reviewed')
    .addOption(new Option('--unreviewed', 'not marked as reviewed').conflicts('reviewed'))
    .option('--held', 'under legal hold')
    .option('--limit <count>', 'how many', limit, 50)
    .action(async (options: ListOptions, self: Command) => {
      const session = open(self);
      const reviewed = options.reviewed === true ? 'yes' : options.unreviewed === true ? 'no' : undefined;
      const query = {
        ...whichQuery(options),
        ...(options.state === undefined ? {} : { state: options.state }),
        ...(reviewed === undefined ? {} : { reviewed: reviewed as 'yes' | 'no' }),
        ...(options.held === true ? { held: 'yes' as const } : {}),
        limit: options.limit,
      };
      const { recordings: found, next } = await session.client().call('listRecordings', { query });
      session.print({ recordings: found, next }, () =>
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
            each.review.hold === null ? each.state : `${each.state}, held`,
            short(each.because ?? each.endReason ?? '-'),
          ]),
          'No recordings.',
        ),
      );
    });
  examples(list, [
    'sallyport --as mira recordings list --limit 20',
    'sallyport --as henrik recordings list --since 7d --user jonas --unreviewed',
  ]);
}
