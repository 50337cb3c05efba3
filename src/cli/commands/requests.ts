import { InvalidArgumentError } from 'commander';
import { SallyportError } from '../../shared/errors/result.ts';
import { type AccessRequestView, accessRequestStateSchema } from '../../shared/model/access-request.ts';
import type { Client } from '../client.ts';
import { examples, type Register } from '../environment.ts';
import { wholeId } from '../session-id.ts';
import { facts, moment, short, table } from '../text.ts';
import { spanWords, timeSpan } from '../time-span.ts';

function state(text: string): AccessRequestView['state'] {
  const parsed = accessRequestStateSchema.safeParse(text);
  if (!parsed.success) throw new InvalidArgumentError(`One of ${accessRequestStateSchema.options.join(', ')}.`);
  return parsed.data;
}

async function targetNamed(client: Client, name: string) {
  const { targets } = await client.call('listTargets', {});
  const found = targets.find((target) => target.name === name);
  if (found !== undefined) return found;
  throw new SallyportError(
    'SP-2001',
    `There is no target "${name.slice(0, 64)}" among those you may reach or ask for. See: sallyport targets list.`,
  );
}

function wholeRequestId(client: Client, typed: string): Promise<string> {
  return wholeId(typed, async () =>
    (await client.call('listAccessRequests', { query: {} })).requests.map(({ id }) => id),
  );
}

function times(request: AccessRequestView): string {
  const { grant } = request;
  if (grant === null) return spanWords(request.seconds);
  const of = grant.seconds === request.seconds ? '' : ` of ${spanWords(request.seconds)}`;
  return `${spanWords(grant.seconds)}${of}`;
}

function words(headline: string, request: AccessRequestView): string {
  const deed = (said: AccessRequestView['decided']): string =>
    said === null ? '-' : `${said.by.name}, ${moment(said.at)}: ${said.reason}`;
  return `${headline}\n\n${facts([
    ['request', request.id],
    ['person', request.user.name],
    ['target', `${request.target.name} as ${request.login}`],
    ['reason', request.reason],
    ['ticket', request.ticket ?? '-'],
    ['time', times(request)],
    ['state', request.state],
    [
      'until',
      request.state === 'open' ? `${moment(request.lapsesAt)} undecided` : moment(request.grant?.endsAt ?? null),
    ],
    ['decided', deed(request.decided)],
    ['revoked', deed(request.revoked)],
  ])}`;
}

export const registerRequests: Register = (program, open) => {
  const request = program
    .command('request')
    .summary('ask for access to a target for a time')
    .description(
      'Asks for access to a target that needs an approval. Someone else decides, and may grant less time. While it holds you connect as usual; when it ends, so do your sessions under it.',
    )
    .argument('<target>', 'the name of the target')
    .option('--login <login>', "the account on the target; the target's default when none is said")
    .requiredOption('--for <time>', 'for how long, from the approval on: 2h, 90m, 1h30m', timeSpan)
    .requiredOption('--reason <text>', 'why; who decides reads it')
    .option('--ticket <id>', 'the ticket that it is for')
    .action(async (name: string, options: { login?: string; for: number; reason: string; ticket?: string }, self) => {
      const session = open(self);
      const client = session.client();
      const target = await targetNamed(client, name);
      const login = options.login ?? (target.logins.find((each) => each.isDefault) ?? target.logins[0])?.name;
      if (login === undefined)
        throw new SallyportError(
          'SP-2002',
          `No access rule gives you a login at ${target.name}, on request or otherwise. Ask whoever writes the rules.`,
        );
      const body = {
        targetId: target.id,
        login,
        seconds: options.for,
        reason: options.reason,
        ticket: options.ticket ?? null,
      };
      const made = await client.call('requestAccess', { body });
      session.print(made, () => words('Asked. It waits for someone who may decide it.', made));
    });
  examples(request, ['sallyport --as jonas request db-01 --login postgres --for 2h --reason "slow queries, CHG-4711"']);

  const requests = program
    .command('requests')
    .summary('requests for access: see and decide them')
    .description('Your own requests for access, and those that you may decide. Nobody decides their own.');
  const list = requests
    .command('list')
    .description('Prints requests, newest first: your own, and those that you may decide.')
    .option('--state <state>', `only these: ${accessRequestStateSchema.options.join(', ')}`, state)
    .action(async (options: { state?: AccessRequestView['state'] }, self) => {
      const session = open(self);
      const query = options.state === undefined ? {} : { state: options.state };
      const { requests: found } = await session.client().call('listAccessRequests', { query });
      session.print({ requests: found }, () =>
        table(
          ['REQUEST', 'PERSON', 'TARGET', 'LOGIN', 'TIME', 'STATE', 'UNTIL (UTC)', 'YOU MAY DECIDE', 'REASON'],
          found.map((each) => [
            each.id,
            each.user.name,
            each.target.name,
            each.login,
            times(each),
            each.state,
            moment(each.state === 'open' ? each.lapsesAt : (each.grant?.endsAt ?? null)),
            each.mayDecide && each.state === 'open' ? 'yes' : '-',
            short(each.reason),
          ]),
          'No requests.',
        ),
      );
    });
  examples(list, ['sallyport --as anke requests list --state open']);

  const approve = requests
    .command('approve')
    .description("Approves someone else's request. The time counts from now.")
    .argument('<request>', 'the id of the request, or at least its first 6 characters')
    .option('--for <time>', 'less time than was asked for', timeSpan)
    .requiredOption('--reason <text>', 'why; kept with the request')
    .action(async (typed: string, options: { for?: number; reason: string }, self) => {
      const session = open(self);
      const client = session.client();
      const requestId = await wholeRequestId(client, typed);
      const seconds = options.for === undefined ? {} : { seconds: options.for };
      const body = { decision: 'approve' as const, reason: options.reason, ...seconds };
      const decided = await client.call('decideAccessRequest', { params: { requestId }, body });
      session.print(decided, () => words('Approved.', decided));
    });
  examples(approve, ['sallyport --as anke requests approve 0b7c2f --for 1h --reason "within the change window"']);

  const deny = requests
    .command('deny')
    .description("Denies someone else's request.")
    .argument('<request>', 'the id of the request, or at least its first 6 characters')
    .requiredOption('--reason <text>', 'why; the person reads it')
    .action(async (typed: string, options: { reason: string }, self) => {
      const session = open(self);
      const client = session.client();
      const requestId = await wholeRequestId(client, typed);
      const body = { decision: 'deny' as const, reason: options.reason };
      const decided = await client.call('decideAccessRequest', { params: { requestId }, body });
      session.print(decided, () => words('Denied.', decided));
    });
  examples(deny, ['sallyport --as anke requests deny 0b7c2f --reason "not during the freeze"']);

  const revoke = requests
    .command('revoke')
    .description(
      'Withdraws your own request, or ends access that was granted: sessions under it are cut (a direct one within 15 s).',
    )
    .argument('<request>', 'the id of the request, or at least its first 6 characters')
    .requiredOption('--reason <text>', 'why; kept with the request')
    .action(async (typed: string, options: { reason: string }, self) => {
      const session = open(self);
      const client = session.client();
      const requestId = await wholeRequestId(client, typed);
      const revoked = await client.call('revokeAccessRequest', {
        params: { requestId },
        body: { reason: options.reason },
      });
      session.print(revoked, () => words('Revoked. Sessions under it end now.', revoked));
    });
  examples(revoke, ['sallyport --as anke requests revoke 0b7c2f --reason "the change is done"']);
};
