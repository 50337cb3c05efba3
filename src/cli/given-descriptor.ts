import { fstatSync, readdirSync, readFileSync } from 'node:fs';
import { UsageError } from './environment.ts';

/** Bits of `flags` in /proc/self/fdinfo (proc(5)): O_RDONLY is 0. */
const accessMode = 3;

function isWritable(fd: string): boolean {
  const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '0';
  return (Number.parseInt(flags, 8) & accessMode) !== 0;
}

/**
 * Whether this process could write into a pipe itself: then nobody else needs to, and a read to its end would wait for ever. The runtime holds both ends of
 * every pipe that it opens for itself; of one that was given it holds one. Looked up where there is a /proc.
 */
function isWrittenHere(pipe: { dev: number; ino: number }): boolean {
  let open: string[];
  try {
    open = readdirSync('/proc/self/fd');
  } catch {
    return false;
  }
  return open.some((fd) => {
    try {
      const { dev, ino } = fstatSync(Number(fd));
      return dev === pipe.dev && ino === pipe.ino && isWritable(fd);
    } catch {
      // The one that the folder itself was read through is closed again.
      return false;
    }
  });
}

/**
 * Throws SP-5001 for an open descriptor that nobody gave this command to read: what the runtime opened for itself has numbers too. One that is not open is
 * left for the reading to refuse.
 */
export function refuseNotGiven(fd: number): void {
  let stat: ReturnType<typeof fstatSync>;
  try {
    stat = fstatSync(fd);
  } catch {
    return;
  }
  const isReadable = stat.isFile() || stat.isFIFO() || stat.isSocket() || stat.isCharacterDevice();
  if (isReadable && !(stat.isFIFO() && isWrittenHere(stat))) return;
  throw new UsageError(
    `File descriptor ${fd} is nothing that this command was given to read. Open it for the command, e.g. --fd 3 with 3<password.txt, or leave --fd out.`,
  );
}
