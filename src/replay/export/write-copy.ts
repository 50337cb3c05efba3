import { open, rename, rm } from 'node:fs/promises';
import { SallyportError } from '../../shared/errors/result.ts';

const writeBytes = 65_536;

/** Why a file could not be written, for a person: by the error's code (errno(3)). */
function whyNot(error: unknown): string {
  switch (error instanceof Error && 'code' in error ? error.code : null) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk is full. Make room, or choose another disk';
    case 'EACCES':
    case 'EPERM':
      return 'you may not write there. Choose another folder';
    case 'EROFS':
      return 'what is there cannot be changed. Choose another folder';
    case 'ENOENT':
    case 'ENOTDIR':
      return 'the folder is not there any more. Choose another';
    case 'EISDIR':
      return 'a folder has that name. Choose another name';
    case 'ENAMETOOLONG':
      return 'the name is too long. Choose a shorter one';
    default:
      return 'the disk refused it. Choose another place';
  }
}

/**
 * Writes lines to a file that its owner alone may read and that has its name only when it is whole; what had that name before is replaced by then. Until then it is `part`,
 * in the same folder. Returns its size in bytes. Throws SP-3040 when it cannot be written, and what reading the lines throws; then nothing is left of it.
 */
export async function writeCopy(
  { path, part }: { path: string; part: string },
  lines: AsyncIterable<string>,
): Promise<number> {
  const disk = async <T>(work: Promise<T>): Promise<T> =>
    work.catch((cause: unknown) => {
      throw new SallyportError('SP-3040', `The copy was not written: ${whyNot(cause)}.`, {
        facts: { path: path.slice(0, 500) },
        cause,
      });
    });
  const handle = await disk(open(part, 'wx', 0o600));
  let bytes = 0;
  try {
    try {
      let waiting = '';
      const write = async () => {
        await disk(handle.appendFile(waiting));
        bytes += Buffer.byteLength(waiting);
        waiting = '';
      };
      for await (const line of lines) {
        waiting += line;
        if (waiting.length > writeBytes) await write();
      }
      await write();
      await disk(handle.sync());
    } finally {
      await handle.close();
    }
    await disk(rename(part, path));
  } catch (error) {
    await rm(part, { force: true }).catch(() => {});
    throw error;
  }
  return bytes;
}
