import type { Selectable } from 'kysely';
import type { TargetResource } from '../policy/policy.ts';
import type { TargetTable } from '../store/database.ts';

/** host:port, IPv6 in brackets. */
export function addressOf(target: { host: string; port: number }): string {
  return `${target.host.includes(':') ? `[${target.host}]` : target.host}:${target.port}`;
}

/** A row as policies see it. */
export function targetResource(row: Selectable<TargetTable>): TargetResource {
  return {
    id: row.id,
    name: row.name,
    address: addressOf(row),
    production: row.production,
    route: row.route,
    owner: row.owner,
    labels: row.labels,
  };
}
