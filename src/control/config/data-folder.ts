import { chmodSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SallyportError } from '../../shared/errors/result.ts';

export interface DataFolder {
  /** Absolute. */
  readonly path: string;
  /** Gives the folder free for another process. */
  release(): void;
}

/**
 * Makes the data folder (0700) and takes it for this process alone: two processes on one embedded database destroy it silently. The lock is
 * the operating system's own, taken through SQLite (an exclusive transaction on an empty file), so it ends with the process, however that
 * ends, and nothing stale is ever left. Throws SP-5009 when another process has it, SP-5010 when the folder cannot be used.
 */
export function takeDataFolder(folder: string): DataFolder {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if ((statSync(folder).mode & 0o077) !== 0) chmodSync(folder, 0o700);
  } catch (cause) {
    throw new SallyportError(
      'SP-5010',
      `The data folder ${folder} cannot be used. It must be a folder that only the server's own account can open. Check its path and owner.`,
      { cause },
    );
  }
  let lock: DatabaseSync | null = null;
  try {
    lock = new DatabaseSync(path.join(folder, 'lock'));
    lock.exec('PRAGMA busy_timeout = 0');
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock?.close();
    throw new SallyportError(
      'SP-5009',
      `Another sallyport serves from ${folder}. Two at once would destroy its database, so this one did not start. Stop the other, or give --data another folder.`,
      { cause },
    );
  }
  const held = lock;
  return { path: folder, release: () => held.close() };
}
