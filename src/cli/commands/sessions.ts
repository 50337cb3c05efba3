import { InvalidArgumentError } from 'commander';
import type { OrderView } from '../../shared/model/order.ts';
import type { Client } from '../client.ts';
import { examples, type Register } from '../environment.ts';
import { wholeId } from '../session-id.ts';
import { duration, facts, moment, size, table } from '../text.ts';

function seconds(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0 || value > 600) throw new InvalidArgumentError('Seconds from 0 to 600.');
  return value;
}

export const registerSessions: Register = (program, open) => {
  const sessions = program
    .command('sessions')
    .summary('running sessions')
    .description('Sessions that run now: see them, end them.');
  const list = sessions
    .command('list')
    .description('Prints the running sessions that you may see.')
    .action(async (_options: unknown, self) => {
      const session = open(self);
      const { sessions: found } = await session.client().call('listSessions', {});
      session.print({ sessions: found }, () =>
        table(
          ['SESSION', 'PERSON', 'TARGET', 'LOGIN', 'ROUTE', 'STATE', 'STARTED (UTC)', 'RUNS', 'OUTPUT'],
          found.map((each) => [
            each.sessionId,
            each.user.name,
            each.target.name,
            each.login,
            each.route === 'direct' ? 'direct, best effort' : each.route,
            each.state,
            moment(each.startedAt),
            duration(Date.now() - Date.parse(each.startedAt)),
            each.head === null ? '-' : size(each.head.outputBytes),
          ]),
          'No sessions run.',
        ),
      );
    });
  examples(list, ['sallyport --as mira sessions list', 'sallyport --as mira sessions list --json']);

  const kill = sessions
    .command('kill')
    .description(
      'Ends a session and locks its person out of the target. Waits until the launcher has confirmed that the connection is closed; where it stays silent the relay has cut the wire anyway, and that is said. Ends with 0 when the session is known to be cut, with 1 when it is not.',
    )
    .argument('<session>', 'the id of the session, or at least its first 6 characters')
    .requiredOption('--reason <text>', 'why; the person reads it')
    .option('--wait <seconds>', 'how long to wait for the confirmation', seconds, 20)
    .action(async (typed: string, options: { reason: string; wait: number }, self) => {
      const session = open(self);
      const client = session.client();
      const sessionId = await wholeId(typed, async () =>
        (await client.call('listSessions', {})).sessions.map((each) => each.sessionId),
      );
      const ordered = await client.call('killSession', { params: { sessionId }, body: { reason: options.reason } });
      const order = await waitForEnd(client, ordered, options.wait * 1000);
      session.print(order, () => wordsOf(order));
      if (order.state !== 'confirmed' && order.relayClosedAt === null) session.fail();
    });
  examples(kill, ['sallyport --as mira sessions kill 5d0e1f2a-... --reason "wrong host, call me"']);
};

async function waitForEnd(client: Client, ordered: OrderView, waitMs: number): Promise<OrderView> {
  const until = performance.now() + waitMs;
  let order = ordered;
  while (order.state !== 'confirmed') {
    const left = Math.floor(until - performance.now());
    if (left <= 0) return order;
    const query = { waitMs: Math.min(left, 10_000), after: order.state };
    order = await client.call('getOrder', { params: { orderId: order.id }, query });
  }
  return order;
}

function wordsOf(order: OrderView): string {
  const cut = order.relayClosedAt !== null;
  const headline =
    order.state === 'confirmed'
      ? 'Killed: the launcher has confirmed that the connection is closed.'
      : cut
        ? 'Wire cut, launcher silent: the relay has closed the connection; the launcher has not confirmed.'
        : 'Not confirmed: the launcher has not answered. A direct connection is best effort; it ends when its lease runs out, within 15 s.';
  const ms = (value: number | null): string => (value === null ? '-' : `${Math.round(value * 10) / 10} ms`);
  return `${headline}\n\n${facts([
    ['order', order.id],
    ['state', order.state],
    ['requested', order.requestedAt],
    ['sent', order.sentAt ?? '-'],
    ['received', order.receivedAt ?? '-'],
    ['relay closed', cut ? `${order.relayClosedAt} (${ms(order.relayClosedMs)} after the order)` : '-'],
    [
      'launcher closed',
      order.socketClosedAtClient === null
        ? '-'
        : `${order.socketClosedAtClient} by its clock (${ms(order.launcherClosedMs)} after it heard)`,
    ],
    ['confirmed', order.confirmedAt ?? '-'],
    ['survivors', order.survivors === 'none' ? 'none' : 'unknown: processes may go on at the target'],
    ['lock', order.lockId],
  ])}`;
}
