import { randomBytes } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { recordWriteFailed } from '../../recording/journal/journal-writer.ts';
import { SallyportError } from '../../shared/errors/result.ts';

/** The file that holds the room; not part of the recording, and gone when its session has ended. */
export const reserveFile = 'reserve';

/**
 * Enough for what a session may still have to write when the disk is full: the text that waits to be sealed (2 MiB at the sealer's high water, and
 * one open segment of each stream), what of it stands on the screen once more in the text sidecar, incompressible in the worst case (three quarters
 * of the text then), and the manifest twice.
 */
const reserveBytes = 6_291_456;

/** Room on the disk that a session holds back from its start, so that it can close its record when there is none left. */
export interface Reserve {
  /** Gives the room back; resolves when it is there. Asked again, it answers with the first time. Never rejects. */
  release(): Promise<void>;
}

/** True for the faults that more room would help. */
export function isFull(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** Takes the room. Throws SP-3011 when it is not there: then nothing of the session may begin. */
export async function takeReserve(folder: string): Promise<Reserve> {
  const file = join(folder, reserveFile);
  try {
    const handle = await open(file, 'wx', 0o600);
    try {
      // Not zeros: a file system that compresses would hold nothing for them.
      const block = randomBytes(reserveBytes / 4);
      for (let part = 0; part < 4; part += 1) await handle.writeFile(block);
    } finally {
      await handle.close();
    }
  } catch (error) {
    await rm(file, { force: true }).catch(() => undefined);
    if (!isFull(error)) throw recordWriteFailed(error);
    throw new SallyportError(
      'SP-3011',
      'The disk of this machine is full: a record needs at least 6 MB to be closed in. Nothing was opened. Free space, then connect again.',
      { facts: { fault: 'ENOSPC' }, cause: error },
    );
  }
  let released: Promise<void> | null = null;
  return {
    release() {
      released ??= rm(file, { force: true }).catch(() => undefined);
      return released;
    },
  };
}
