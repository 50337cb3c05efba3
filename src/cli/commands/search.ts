import { type Command, InvalidArgumentError, Option } from 'commander';
import { examples, type Register } from '../environment.ts';
import { duration, moment, short, table } from '../text.ts';
import { type WhichOptions, whichOptions, whichQuery } from './recordings-list.ts';

function limit(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 200) throw new InvalidArgumentError('A number from 1 to 200.');
  return value;
}

interface SearchOptions extends WhichOptions {
  kind?: 'command' | 'output';
  limit: number;
}

export const registerSearch: Register = (program, open) => {
  const search = whichOptions(
    program
      .command('search')
      .summary('search what was on the screens')
      .description(
        "Prints the commands and lines that have all words, of recordings whose text you may open, newest recording first. A phrase goes into double quotes. A search of others' recordings is written down in the audit, with its words.",
      )
      .argument('<text>', 'the words'),
  )
    .addOption(new Option('--kind <kind>', 'only these').choices(['command', 'output']))
    .option('--limit <count>', 'how many', limit, 50)
    .action(async (text: string, options: SearchOptions, self: Command) => {
      const session = open(self);
      const { kind } = options;
      const query = { text, ...whichQuery(options), ...(kind === undefined ? {} : { kind }), limit: options.limit };
      const answer = await session.client().call('search', { query });
      session.print(answer, () => {
        const { pending, closed } = answer.notSearched;
        const notes = [
          ...(answer.more ? ['There is more: narrow the search, or raise --limit.'] : []),
          ...(pending > 0 ? [`${pending} more will be searched when their text is in the index.`] : []),
          ...(closed > 0 ? [`${closed} more were not searched: you may not open their text.`] : []),
        ];
        const hits = table(
          ['RECORDING', 'STARTED (UTC)', 'AT', 'PERSON', 'TARGET', 'KIND', 'TEXT'],
          answer.hits.map((hit) => [
            hit.sessionId,
            moment(hit.startedAt),
            duration(hit.atMs),
            hit.user.name,
            hit.target.name,
            hit.kind,
            short(hit.text),
          ]),
          'Nothing was found.',
        );
        return notes.length === 0 ? hits : `${hits.trimEnd()}\n\n${notes.join('\n')}`;
      });
    });
  examples(search, [
    'sallyport --as henrik search \'"systemctl restart"\' --kind command --since 7d',
    'sallyport --as jonas search "disk full" --mine',
  ]);
};
