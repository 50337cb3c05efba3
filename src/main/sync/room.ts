import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SallyportError } from '../../shared/errors/result.ts';
import { isMissing } from '../files.ts';
import { listSpool } from './spool.ts';

/** What a session is sure to need before its first parts are stored: its journal, its open segments and the room that is held back for its end. */
export const sessionNeedBytes = 16_000_000;

export interface SpoolUse {
  /** Of recordings whose session is over: what waits, and copies that policy keeps. */
  bytes: number;
  recordings: number;
  /** Sessions that run and have a folder, and what they take: each at least what it is sure to need. */
  live: { sessions: number; bytes: number };
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    // Sent and removed meanwhile.
    if (isMissing(error)) return 0;
    throw error;
  }
}

/** What lies in the spool. Throws what the file system throws. */
export async function measureSpool(spool: string, isLive: (sessionId: string) => boolean): Promise<SpoolUse> {
  const use: SpoolUse = { bytes: 0, recordings: 0, live: { sessions: 0, bytes: 0 } };
  for (const name of await listSpool(spool)) {
    const files = await readdir(join(spool, name)).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    });
    let bytes = 0;
    for (const file of files) bytes += await sizeOf(join(spool, name, file));
    if (isLive(name)) {
      use.live.sessions += 1;
      use.live.bytes += Math.max(bytes, sessionNeedBytes);
    } else {
      if (files.length > 0) use.recordings += 1;
      use.bytes += bytes;
    }
  }
  return use;
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1_000_000)} MB`;
}

/**
 * Why no further session may open beside `running` others, or null. Recordings that cannot be sent for days fill what policy gives them and no more; a running session is not
 * ended for it: with contact its record does not wait, and without it ends within 15 s. Pure.
 */
export function roomProblem(use: SpoolUse, facts: { quotaBytes: number; running: number }): SallyportError | null {
  // Without contact, or with a server that is slow, a session that runs may hold far more than it is sure to need.
  const needed = use.live.bytes + (Math.max(0, facts.running - use.live.sessions) + 1) * sessionNeedBytes;
  if (use.bytes + needed <= facts.quotaBytes) return null;
  const waiting = use.recordings === 1 ? '1 recording waits' : `${use.recordings} recordings wait`;
  const why =
    use.recordings === 0
      ? `${facts.running === 1 ? 'the session that runs needs' : `the ${facts.running} sessions that run need`} what your organisation gives recordings on this machine (${megabytes(facts.quotaBytes)})`
      : `${waiting} on this machine and take ${megabytes(use.bytes)} of the ${megabytes(facts.quotaBytes)} that your organisation gives them; a session needs ${megabytes(sessionNeedBytes)}`;
  return new SallyportError(
    'SP-3012',
    `There is no room for another recording: ${why}. Nothing was opened. Go where the control server can be reached, so that they are sent; then connect again.`,
    { facts: { waiting: String(use.bytes), quota: String(facts.quotaBytes) } },
  );
}
