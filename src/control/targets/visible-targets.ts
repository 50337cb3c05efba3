import type { Selectable } from 'kysely';
import { blobOfLine, fingerprint } from '../../recording/signatures/keys.ts';
import type { TargetView } from '../../shared/model/target.ts';
import type { Actor, Context } from '../context.ts';
import type { PolicyRequest } from '../policy/policy.ts';
import { grantKey, grantsOf } from '../requests/grants.ts';
import { connectRequest } from '../requests/may-request.ts';
import type { Reader, TargetTable } from '../store/database.ts';
import { addressOf, targetResource } from './target-resource.ts';

type Row = Selectable<TargetTable>;
/** The parts of a view that only an apply changes. */
type Granted = Omit<TargetView, 'lastUsedAt' | 'lock' | 'unreachable'>;

const maxPeople = 64;

export interface VisibleTargets {
  /** The targets this person may see or connect to, by name, with the logins that a connect may use. */
  forPerson(context: Context, actor: Actor): Promise<TargetView[]>;
}

/**
 * Works out who sees what once per person and version of people, targets and policies; what sessions, locks and the relay add is read every
 * time. The least recently asked person is forgotten first.
 */
export function createVisibleTargets(): VisibleTargets {
  let rows: { version: number; rows: Promise<Row[]> } | null = null;
  const granted = new Map<string, { version: number; targets: Promise<Granted[]> }>();

  function rowsOf(reader: Reader, version: number): Promise<Row[]> {
    if (rows?.version !== version) {
      rows = {
        version,
        rows: reader.selectFrom('targets').selectAll().where('removed_at', 'is', null).orderBy('name').execute(),
      };
    }
    return rows.rows;
  }

  async function grantedTo(context: Context, actor: Actor): Promise<Granted[]> {
    const organisation = await context.reader.selectFrom('organisation').select('version').executeTakeFirst();
    const version = organisation?.version ?? 0;
    // Another process may have applied it: what is remembered beside a version must be decided by it.
    await context.inForce.upTo(version);
    const key = JSON.stringify([actor.userId, actor.roles, actor.groups]);
    const known = granted.get(key);
    granted.delete(key);
    const entry =
      known?.version === version
        ? known
        : { version, targets: decide(context, actor, await rowsOf(context.reader, version)) };
    granted.set(key, entry);
    const oldest = granted.keys().next().value;
    if (granted.size > maxPeople && oldest !== undefined) granted.delete(oldest);
    // A failure is not remembered.
    entry.targets.catch(() => granted.delete(key));
    return entry.targets;
  }

  return {
    async forPerson(context, actor) {
      const targets = await grantedTo(context, actor);
      const facts = await context.services.targetFacts.forPerson(actor.userId);
      const grants = await grantsOf(context.reader, actor.userId, context.clock.now());
      const none = { lastUsedAt: null, lock: null, unreachable: null };
      return targets.map((target) => ({ ...withGrants(target, grants), ...(facts.get(target.id) ?? none) }));
    },
  };
}

/** What requests for access that were approved open now; a login that is open without one asks for none. */
function withGrants(target: Granted, grants: ReadonlySet<string>): Granted {
  const logins = target.logins.map(({ needsApproval, ...login }) =>
    needsApproval === true && !grants.has(grantKey(target.id, login.name)) ? { ...login, needsApproval } : login,
  );
  const closed = logins.length > 0 && logins.every((login) => 'needsApproval' in login);
  return { ...target, logins, needs: closed ? ['approval', ...target.needs] : target.needs };
}

/** A connect is asked for every login; whether it may be requested, or a target merely be seen, only where it is not allowed. */
async function decide(context: Context, actor: Actor, rows: readonly Row[]): Promise<Granted[]> {
  const pairs = rows.flatMap((row) => {
    const resource = targetResource(row);
    return row.logins.map((login) => ({ row, resource, login }));
  });
  type Pair = (typeof pairs)[number];
  const ask = async (asked: readonly Pair[], question: (pair: Pair) => PolicyRequest) => {
    const decisions = await context.policy.decideMany(actor, asked.map(question));
    return new Map(
      asked.flatMap((pair, index) => (decisions[index]?.allowed === true ? [[pair, decisions[index]]] : [])),
    );
  };
  const open = await ask(pairs, ({ resource, login }) => connectRequest(resource, login.name, false));
  // Only a rule that speaks of it can make a difference between access that was granted and none.
  const shut = (await anyRuleAsksForGrants(context)) ? pairs.filter((pair) => !open.has(pair)) : [];
  const onRequest = await ask(shut, ({ resource, login }) => connectRequest(resource, login.name, true));
  const requestable = await ask([...onRequest.keys()], ({ resource, login }) => ({
    action: 'RequestAccess',
    resource,
    context: { login: login.name },
  }));
  const pairsOf = Map.groupBy(pairs, (pair) => pair.row);
  const found = rows.map((row) => {
    const offered = (pairsOf.get(row) ?? []).filter((pair) => open.has(pair) || requestable.has(pair));
    const logins = offered.map((pair) =>
      open.has(pair) ? pair.login : { ...pair.login, needsApproval: true as const },
    );
    const by = offered.flatMap((pair) => (open.get(pair) ?? onRequest.get(pair))?.policies ?? []);
    return { row, logins, grantedBy: [...new Set(by)] };
  });
  const closed = found.filter((each) => each.logins.length === 0).map((each) => each.row);
  const sees = await context.policy.decideMany(
    actor,
    closed.map((row): PolicyRequest => ({ action: 'SeeTarget', resource: targetResource(row) })),
  );
  const hidden = new Set(closed.filter((_row, index) => sees[index]?.allowed !== true));
  return found.filter((each) => !hidden.has(each.row)).map((each) => view(each.row, each.logins, each.grantedBy));
}

async function anyRuleAsksForGrants(context: Context): Promise<boolean> {
  const policies = await context.reader.selectFrom('policies').select('cedar').execute();
  return policies.some(({ cedar }) => cedar.includes('granted'));
}

type OfferedLogin = Row['logins'][number] & { needsApproval?: true };

function view(row: Row, logins: readonly OfferedLogin[], grantedBy: string[]): Granted {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    address: addressOf(row),
    labels: row.labels,
    production: row.production,
    owner: row.owner,
    route: row.route,
    logins: logins.map(({ name, default: isDefault, credential, needsApproval }) => ({
      name,
      isDefault,
      credential,
      ...(needsApproval === undefined ? {} : { needsApproval }),
    })),
    needs: row.needs,
    hostKeyFingerprints: row.host_keys.map((line) => fingerprint(blobOfLine(line))),
    grantedBy,
  };
}
