import { createHash } from 'node:crypto';
import type { Writer } from '../store/database.ts';
import { proofWindowSeconds } from './dpop.ts';

export interface ReplayGuard {
  /** True the first time a proof of this key is seen; false for ever after (it expires by itself before it is forgotten). */
  firstUse(proof: { thumbprint: string; jti: string }, now: Date): Promise<boolean>;
}

const sweepEvery = 500;

/** Remembers used proofs in the database, so that a restart or a second process does not accept one again. */
export function createReplayGuard(writer: Writer): ReplayGuard {
  let sinceSweep = 0;
  return {
    async firstUse(proof, now) {
      const jti_hash = createHash('sha256').update(`${proof.thumbprint}\n${proof.jti}`).digest('base64url');
      // A proof may be issued up to the window in the future and is good until the window after that.
      const expires_at = new Date(now.getTime() + (2 * proofWindowSeconds + 5) * 1000);
      const result = await writer
        .insertInto('used_proofs')
        .values({ jti_hash, expires_at })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      sinceSweep += 1;
      if (sinceSweep >= sweepEvery) {
        sinceSweep = 0;
        await writer.deleteFrom('used_proofs').where('expires_at', '<', now).execute();
      }
      return result.numInsertedOrUpdatedRows === 1n;
    },
  };
}
