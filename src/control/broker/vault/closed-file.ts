import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { SallyportError } from '../../../shared/errors/result.ts';

/** `what` begins the sentence: "The vault's master key". */
export function refuseFile(what: string, file: string, why: string, action: string): SallyportError {
  return new SallyportError('SP-5006', `${what} was not read: ${why}. ${action}`, { facts: { file } });
}

export function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}

/**
 * Reads a file that holds a secret. It must be a plain file (no symbolic link), belong to this process's user or to root, and be closed to everyone
 * else. Throws SP-5006 in words otherwise; null when there is no such file.
 */
export async function readClosedFile(what: string, file: string): Promise<Buffer | null> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW).catch((error: unknown) => {
    const code = errnoOf(error);
    if (code === 'ENOENT') return null;
    if (code === 'ELOOP') throw refuseFile(what, file, 'it is a symbolic link', 'Put the file itself at that path.');
    const action = 'Make it readable by the user the server runs as, and by nobody else.';
    throw refuseFile(what, file, `it cannot be opened (${code})`, action);
  });
  if (handle === null) return null;
  try {
    const facts = await handle.stat();
    if (!facts.isFile()) throw refuseFile(what, file, 'it is not a plain file', 'Put the file itself at that path.');
    const me = process.getuid?.();
    if (me !== undefined && facts.uid !== me && facts.uid !== 0) {
      const why = `it belongs to user ${facts.uid}, not to the server's user ${me}`;
      throw refuseFile(what, file, why, `Change its owner: chown ${me} ${file}`);
    }
    if ((facts.mode & 0o077) !== 0) {
      const mode = (facts.mode & 0o777).toString(8).padStart(4, '0');
      const action = `Close it, and make a new one if it was open on a shared machine: chmod 0600 ${file}`;
      throw refuseFile(what, file, `others may read or change it (mode ${mode})`, action);
    }
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}
