// Which open descriptors somebody gave this process to read. The command line looks again (src/cli/given-descriptor.ts): it has others.
import { fstatSync, readdirSync, readFileSync } from 'node:fs';

/** @param {string} fd @returns {boolean} by the access mode in `flags` of /proc/self/fdinfo (proc(5)); O_RDONLY is 0 */
function isWritable(fd) {
  const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '0';
  return (Number.parseInt(flags, 8) & 3) !== 0;
}

/**
 * Node holds both ends of the pipes that it opens for itself; of one that was given a process holds one.
 * @param {import('node:fs').Stats} pipe
 */
function isWrittenHere(pipe) {
  /** @type {string[]} */
  let open = [];
  try {
    open = readdirSync('/proc/self/fd');
  } catch {
    // No /proc on this system.
  }
  return open.some((fd) => {
    try {
      const { dev, ino } = fstatSync(Number(fd));
      return dev === pipe.dev && ino === pipe.ino && isWritable(fd);
    } catch {
      return false;
    }
  });
}

/** @param {number} fd @returns {boolean} false also when it is not open */
export function isGiven(fd) {
  try {
    const open = fstatSync(fd);
    if (open.isFIFO()) return !isWrittenHere(open);
    return open.isFile() || open.isSocket() || open.isCharacterDevice();
  } catch {
    return false;
  }
}
