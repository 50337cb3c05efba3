import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { sql } from 'kysely';
import { signBlob } from '../../recording/signatures/keys.ts';
import type { Writer } from '../store/database.ts';
import type { LoginKeys } from './login-keys.ts';
import type { Wrapping } from './vault/wrapping.ts';

const contextOf = (sessionId: string) => `login key ${sessionId}`;

/**
 * Login keys where a grant and its login may reach different control processes: wrapped by the vault, in the database, until used, expired or dropped.
 * Whoever has the database alone has nothing; whoever has the vault as well could certify a key of their own.
 */
export function makeStoredLoginKeys(db: Writer, wrapping: Wrapping, onFailure: (error: unknown) => void): LoginKeys {
  return {
    async make(sessionId, lifetimeMs) {
      const { publicKey, privateKey } = generateKeyPairSync('ed25519');
      const secret = privateKey.export({ format: 'der', type: 'pkcs8' });
      await db
        .insertInto('login_keys')
        .values({
          session_id: sessionId,
          wrapped: wrapping.wrap(contextOf(sessionId), secret),
          expires_at: sql<Date>`now() + ${lifetimeMs} * interval '1 millisecond'`,
        })
        .execute()
        .finally(() => secret.fill(0));
      return publicKey;
    },
    async take(sessionId) {
      // One statement: of several processes that are asked at once, one gets the row.
      const row = await db
        .deleteFrom('login_keys')
        .where('session_id', '=', sessionId)
        .returning(['wrapped', sql<boolean>`expires_at > now()`.as('alive')])
        .executeTakeFirst();
      if (row?.alive !== true) return null;
      const secret = wrapping.unwrap(contextOf(sessionId), row.wrapped);
      const key = createPrivateKey({ key: secret, format: 'der', type: 'pkcs8' });
      secret.fill(0);
      return (bytes) => signBlob(key, bytes);
    },
    drop(sessionId) {
      // One that stays because of a failure is deleted when it expires (live/watch.ts), and its session's end forbids its use.
      db.deleteFrom('login_keys').where('session_id', '=', sessionId).execute().catch(onFailure);
    },
  };
}

export async function deleteExpiredLoginKeys(db: Writer): Promise<void> {
  await db.deleteFrom('login_keys').where('expires_at', '<', sql<Date>`now()`).execute();
}
