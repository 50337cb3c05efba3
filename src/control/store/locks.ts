import { sql, type Transaction } from 'kysely';
import type { Database } from './database.ts';

/** What only one transaction at a time may do, over all servers on the database. */
export type Exclusive =
  /** Grants of a person at a target, and what forbids them. */
  | { kind: 'access'; userId: string; targetId: string }
  /** What is stored of a recording. */
  | { kind: 'recording'; sessionId: string }
  /** The document in force. */
  | { kind: 'apply' };

/**
 * Waits until no other transaction holds this, and holds it until this one ends. Under READ COMMITTED a statement does not see what another
 * transaction is about to commit: two that each look before they write need this. Take it before the first look; those who take two take `access` first.
 */
export async function hold(transaction: Transaction<Database>, what: Exclusive): Promise<void> {
  const key = JSON.stringify([what.kind, ...partsOf(what)]);
  // A collision of two keys costs waiting, nothing else.
  await sql`select pg_advisory_xact_lock(hashtextextended(${key}, 0))`.execute(transaction);
}

function partsOf(what: Exclusive): string[] {
  switch (what.kind) {
    case 'access':
      return [what.userId, what.targetId];
    case 'recording':
      return [what.sessionId];
    case 'apply':
      return [];
  }
}
