import { execFileSync } from 'node:child_process';
import { chownSync, closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import path from 'node:path';

/** A file system of a few megabytes, for what happens when it is full. */
export interface SmallDisk {
  folder: string;
  /** Fills it but for about `leaveBytes`. */
  fill(leaveBytes?: number): void;
  /** Takes back what `fill` wrote. */
  clear(): void;
  freeBytes(): number;
  unmount(): void;
}

/** Mounting needs root; tests that need it say "not run" without. */
export const canMount = process.platform === 'linux' && process.getuid?.() === 0;

/** Mounts a tmpfs of `bytes` on `folder`, which is made when it is not there; it belongs to `owner` (root unless told). */
export function smallDisk(options: {
  folder: string;
  bytes: number;
  owner?: { uid: number; gid: number } | null;
}): SmallDisk {
  const { folder } = options;
  const filler = path.join(folder, '.filler');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // What lies below is used again when the disk is taken away.
  if (options.owner != null) chownSync(folder, options.owner.uid, options.owner.gid);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${options.bytes},mode=0700`, 'tmpfs', folder]);
  if (options.owner != null) chownSync(folder, options.owner.uid, options.owner.gid);
  const freeBytes = () => {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  };
  return {
    folder,
    freeBytes,
    fill(leaveBytes = 0) {
      const chunk = Buffer.alloc(4096, 'x');
      const fd = openSync(filler, 'a');
      try {
        while (freeBytes() > leaveBytes) writeSync(fd, chunk);
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
      } finally {
        closeSync(fd);
      }
    },
    clear: () => rmSync(filler, { force: true }),
    unmount: () => void execFileSync('umount', ['-l', folder]),
  };
}
