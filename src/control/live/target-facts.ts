import type { CoreContext } from '../context.ts';
import type { TargetFact, TargetFacts } from '../services.ts';

/** What sessions, locks and the relay know about targets, for one person: three small queries, however many targets there are. */
export function makeTargetFacts(core: CoreContext): TargetFacts {
  return {
    async forPerson(userId) {
      const used = await core.reader
        .selectFrom('sessions')
        .select((expression) => ['target_id', expression.fn.max('granted_at').as('last_used_at')])
        .where('user_id', '=', userId)
        .groupBy('target_id')
        .execute();
      const locks = await core.reader
        .selectFrom('locks')
        .selectAll()
        .where('user_id', '=', userId)
        .where('lifted_at', 'is', null)
        .orderBy('created_at')
        .execute();
      const unreachable = await core.reader.selectFrom('unreachable_targets').selectAll().execute();
      const facts = new Map<string, TargetFact>();
      const add = (targetId: string, fact: Partial<TargetFact>) =>
        facts.set(targetId, {
          ...(facts.get(targetId) ?? { lastUsedAt: null, lock: null, unreachable: null }),
          ...fact,
        });
      for (const row of used) add(row.target_id, { lastUsedAt: row.last_used_at.toISOString() });
      for (const row of locks)
        add(row.target_id, {
          lock: { id: row.id, by: row.by_name, reason: row.reason, at: row.created_at.toISOString() },
        });
      for (const row of unreachable)
        add(row.target_id, { unreachable: { since: row.since.toISOString(), message: row.message, code: row.code } });
      return facts;
    },
  };
}
