import type { Selectable } from 'kysely';
import { blobOfLine, fingerprint } from '../../recording/signatures/keys.ts';
import type { TargetView } from '../../shared/model/target.ts';
import type { Actor, Context } from '../context.ts';
import type { PolicyRequest } from '../policy/policy.ts';
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
      const none = { lastUsedAt: null, lock: null, unreachable: null };
      return targets.map((target) => ({ ...target, ...(facts.get(target.id) ?? none) }));
    },
  };
}

/** A connect is asked for every login; whether a target may merely be seen is asked only where none is allowed. */
async function decide(context: Context, actor: Actor, rows: readonly Row[]): Promise<Granted[]> {
  const connects = await context.policy.decideMany(
    actor,
    rows.flatMap((row) => {
      const resource = targetResource(row);
      return row.logins.map(
        (login): PolicyRequest => ({ action: 'Connect', resource, context: { login: login.name } }),
      );
    }),
  );
  let next = 0;
  const found = rows.map((row) => {
    const own = connects.slice(next, next + row.logins.length);
    next += row.logins.length;
    const logins = row.logins.filter((_login, index) => own[index]?.allowed === true);
    const grantedBy = [...new Set(own.flatMap((decision) => (decision.allowed ? decision.policies : [])))];
    return { row, logins, grantedBy };
  });
  const closed = found.filter((each) => each.logins.length === 0).map((each) => each.row);
  const sees = await context.policy.decideMany(
    actor,
    closed.map((row): PolicyRequest => ({ action: 'SeeTarget', resource: targetResource(row) })),
  );
  const hidden = new Set(closed.filter((_row, index) => sees[index]?.allowed !== true));
  return found.filter((each) => !hidden.has(each.row)).map((each) => view(each.row, each.logins, each.grantedBy));
}

function view(row: Row, logins: Row['logins'], grantedBy: string[]): Granted {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    address: addressOf(row),
    labels: row.labels,
    production: row.production,
    owner: row.owner,
    route: row.route,
    logins: logins.map((login) => ({ name: login.name, isDefault: login.default, credential: login.credential })),
    needs: row.needs,
    hostKeyFingerprints: row.host_keys.map((line) => fingerprint(blobOfLine(line))),
    grantedBy,
  };
}
