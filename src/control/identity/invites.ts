import { createHmac, randomBytes, randomInt } from 'node:crypto';
import type { Transaction } from 'kysely';
import { codeAlphabet } from '../../shared/protocol/invite.ts';
import type { Database, Writer } from '../store/database.ts';
import { getOrMake, type Vault } from '../vault.ts';

export const inviteMinutes = 10;
const entry = 'invite-code-key';

export interface Invites {
  /** Makes an invite; the code is in the answer and nowhere else. */
  create(options: { userId: string; createdBy: string; now: Date }): Promise<{ code: string; expiresAt: Date }>;
  /** Takes an invite within a transaction: answers whose it is, once; null when it is unknown, used or too old. */
  take(transaction: Transaction<Database>, code: string, now: Date): Promise<string | null>;
}

/**
 * Codes are short because people type them, so a plain hash of one could be searched by whoever reads the database. They are stored under
 * HMAC-SHA-256 with a key from the vault.
 */
export async function openInvites({ vault, writer }: { vault: Vault; writer: Writer }): Promise<Invites> {
  const secret = await getOrMake(vault, entry, () => randomBytes(32));
  const hash = (code: string): string => createHmac('sha256', secret).update(code).digest('hex');

  return {
    async create({ userId, createdBy, now }) {
      const code = Array.from({ length: 8 }, () => codeAlphabet[randomInt(codeAlphabet.length)]).join('');
      const expiresAt = new Date(now.getTime() + inviteMinutes * 60_000);
      const row = {
        code_hash: hash(code),
        user_id: userId,
        created_by: createdBy,
        created_at: now,
        expires_at: expiresAt,
      };
      await writer.insertInto('invites').values(row).execute();
      return { code, expiresAt };
    },
    async take(transaction, code, now) {
      // One statement: of any number that come at once, one finds it unused.
      const taken = await transaction
        .updateTable('invites')
        .set({ used_at: now })
        .where('code_hash', '=', hash(code))
        .where('used_at', 'is', null)
        .where('expires_at', '>', now)
        .returning('user_id')
        .executeTakeFirst();
      return taken?.user_id ?? null;
    },
  };
}
