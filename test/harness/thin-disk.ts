import { execFileSync } from 'node:child_process';
import {
  closeSync,
  fdatasyncSync,
  mkdirSync,
  openSync,
  statfsSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';

/**
 * An ext4 file system on a loop device whose image lies on a small tmpfs: it takes writes that its device cannot keep, as a thin volume does, and it can be made
 * read-only while files are open for writing, as the kernel does after an error. Needs root and loop devices.
 */
export interface ThinDisk {
  folder: string;
  /** From here on a sync of new bytes fails with ENOSPC; writes alone do not. What the file system frees is given back to the device. */
  starve(): void;
  /** The file system meets an error and goes read-only (errors=remount-ro). */
  turnReadOnly(): void;
  /** Everything that writes waits until `thaw`, as on a disk that does not answer. */
  freeze(): void;
  thaw(): void;
  unmount(): void;
}

/** Whether such a disk can be made here. */
export function canMakeThinDisks(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  try {
    execFileSync('losetup', ['-f'], { stdio: 'pipe' });
    execFileSync('mkfs.ext4', ['-V'], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

/** Makes one in `scratch`, whose device can keep `bytes`. */
export function thinDisk(options: { scratch: string; bytes: number }): ThinDisk {
  const below = path.join(options.scratch, 'device');
  const folder = path.join(options.scratch, 'thin');
  const image = path.join(below, 'image');
  for (const each of [below, folder]) mkdirSync(each, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${options.bytes}`, 'tmpfs', below]);
  writeFileSync(image, '');
  truncateSync(image, 268_435_456);
  execFileSync('mkfs.ext4', ['-q', '-F', '-O', '^has_journal', '-E', 'lazy_itable_init=0', image]);
  execFileSync('mount', ['-o', 'loop,discard,errors=remount-ro', image, folder]);
  return {
    folder,
    starve() {
      // What is written so far gets its room first.
      execFileSync('sync', ['-f', folder]);
      const fd = openSync(path.join(below, 'filler'), 'a');
      const last = openSync(path.join(folder, 'filler'), 'a');
      try {
        while (statfsSync(below).bavail > 0) writeSync(fd, Buffer.alloc(4096, 'x'));
        // Here and there the device has room under blocks that are free above.
        for (;;) {
          writeSync(last, Buffer.alloc(65_536, 'x'));
          fdatasyncSync(last);
        }
      } catch {
        // It keeps nothing more.
      } finally {
        closeSync(fd);
        closeSync(last);
      }
    },
    turnReadOnly() {
      const device = execFileSync('findmnt', ['-no', 'SOURCE', folder], { encoding: 'utf8' }).trim();
      try {
        writeFileSync(`/sys/fs/ext4/${path.basename(device)}/trigger_fs_error`, '1');
      } catch {
        // The write of the error itself is answered with the error.
      }
    },
    freeze: () => void execFileSync('fsfreeze', ['-f', folder]),
    thaw: () => void execFileSync('fsfreeze', ['-u', folder]),
    unmount() {
      try {
        // A frozen one that is unmounted can never be thawed, and keeps its device.
        execFileSync('fsfreeze', ['-u', folder], { stdio: 'pipe' });
      } catch {
        // It was not frozen.
      }
      for (const each of [folder, below]) execFileSync('umount', ['-l', each]);
    },
  };
}
