import { InvalidArgumentError } from 'commander';
import { examples, type Register } from '../environment.ts';
import { moment, short, table } from '../text.ts';

/** Throws for anything but 1..1000. */
export function limit(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1000) throw new InvalidArgumentError('A number from 1 to 1000.');
  return value;
}

export const registerAudit: Register = (program, open) => {
  const command = program
    .command('audit')
    .summary('read the audit, newest first')
    .description(
      'Prints audit events, newest first. Needs a policy that permits ReadAudit. The same events are in audit.log of the data folder, one per line.',
    )
    .option('--limit <count>', 'how many', limit, 50)
    .option('--actor <person>', 'only what this person did: an id')
    .option('--session <id>', 'only what happened to, or in, this session')
    .action(async (query: { limit: number; actor?: string; session?: string }, self) => {
      const session = open(self);
      const { events } = await session.client().call('listAudit', { query });
      session.print({ events }, () =>
        table(
          ['TIME (UTC)', 'EVENT', 'WHO', 'WHAT', 'DETAIL'],
          events.map((event) => [
            moment(event.at),
            event.event,
            event.actor,
            event.subject ?? '-',
            short(words(event.detail)),
          ]),
          'No events.',
        ),
      );
    });
  examples(command, ['sallyport --as nils audit --limit 20', 'sallyport --as nils audit --actor jonas --json']);
};

/** Lists and objects by their names or number: policies are whole texts, and --json has them. */
function inWords(value: unknown): string {
  if (Array.isArray(value)) {
    return value.every((one) => typeof one !== 'object') ? value.join(',') || '-' : `${value.length} entries`;
  }
  if (typeof value !== 'object' || value === null) return String(value);
  const named = Object.entries(value).filter(([, each]) =>
    Array.isArray(each) ? each.length > 0 : each !== 0 && each !== false,
  );
  return (
    named
      .map(([name, each]) =>
        Array.isArray(each) ? `${name}:${each.length}` : typeof each === 'number' ? `${name}:${each}` : name,
      )
      .join(',') || '-'
  );
}

function words(detail: Record<string, unknown>): string {
  return Object.entries(detail)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : inWords(value)}`)
    .join(' ');
}
