import type { Command } from 'commander';
import { examples, type Session } from '../environment.ts';
import { wholeId } from '../session-id.ts';

/** `recordings hold` and `recordings lift`. */
export function registerHold(recordings: Command, open: (command: Command) => Session): void {
  const of = (name: 'hold' | 'lift', description: string) =>
    recordings
      .command(name)
      .description(description)
      .argument('<id>', 'the id of a recording, or at least its first 6 characters')
      .requiredOption('--reason <text>', 'why; it is kept')
      .action(async (typed: string, { reason }: { reason: string }, self: Command) => {
        const session = open(self);
        const client = session.client();
        const sessionId = await wholeId(typed, async () =>
          (await client.call('listRecordings', { query: { limit: 1000 } })).recordings.map((each) => each.sessionId),
        );
        const body = { hold: name === 'hold', reason };
        const { review } = await client.call('setHold', { params: { sessionId }, body });
        session.print({ recording: sessionId, hold: review.hold }, () =>
          review.hold === null
            ? `${sessionId} is not under legal hold any more. What its time is over for may be deleted.`
            : `${sessionId} is under legal hold: nothing of it is deleted until that is lifted.`,
        );
      });
  examples(of('hold', 'Puts a recording under legal hold: nothing of it is deleted, its wire included.'), [
    'sallyport --as mira recordings hold 5d0e1f --reason "case 4711"',
  ]);
  examples(of('lift', 'Lifts the legal hold of a recording. That it was held stays known, and why.'), [
    'sallyport --as mira recordings lift 5d0e1f --reason "case closed"',
  ]);
}
