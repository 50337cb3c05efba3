import { InvalidArgumentError } from 'commander';
import { examples, type Register } from '../environment.ts';
import { moment, table } from '../text.ts';

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
    .action(async (options: { limit: number }, self) => {
      const session = open(self);
      const { events } = await session.client().call('listAudit', { query: { limit: options.limit } });
      session.print({ events }, () =>
        table(
          ['TIME (UTC)', 'EVENT', 'WHO', 'WHAT', 'DETAIL'],
          events.map((event) => [
            moment(event.at),
            event.event,
            event.actor,
            event.subject ?? '-',
            words(event.detail),
          ]),
          'No events.',
        ),
      );
    });
  examples(command, ['sallyport --as nils audit --limit 20', 'sallyport --as nils audit --json']);
};

function words(detail: Record<string, unknown>): string {
  return Object.entries(detail)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
}
