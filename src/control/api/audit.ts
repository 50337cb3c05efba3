import { sql } from 'kysely';
import { SallyportError } from '../../shared/errors/result.ts';
import { defineRoute } from './route.ts';

export const listAudit = defineRoute('listAudit', async (context, { actor, query }) => {
  if (!(await context.policy.decide(actor, { action: 'ReadAudit' })).allowed) {
    throw new SallyportError(
      'SP-5003',
      `${actor.name} may not read the audit. A policy that permits ReadAudit opens it.`,
    );
  }
  const rows = await context.reader
    .selectFrom('audit_events')
    .selectAll()
    .$if(query.actor !== undefined, (rows) => rows.where('actor', '=', query.actor ?? ''))
    // Events about an order, a lock or a login name their session in the detail.
    .$if(query.session !== undefined, (rows) =>
      rows.where((where) =>
        where.or([
          where('subject', '=', query.session ?? ''),
          where(sql<string | null>`detail ->> 'session'`, '=', query.session ?? ''),
        ]),
      ),
    )
    .orderBy('id', 'desc')
    .limit(query.limit)
    .execute();
  return { events: rows.map((row) => ({ ...row, at: row.at.toISOString() })) };
});
