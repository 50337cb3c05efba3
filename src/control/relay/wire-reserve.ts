import { statfsSync } from 'node:fs';
import { SallyportError } from '../../shared/errors/result.ts';

/** Wires grow beside the database and the audit log, which must go on when a person floods their own session. Bytes, and the share of a small disk that stands for them. */
export const reserveBytes = 268_435_456;
const reserveShare = 0.05;
/** How often the disk is asked, whichever comes first: milliseconds, and bytes that were kept since. */
export const askEveryMs = 1000;
export const askEveryBytes = 16_777_216;

export interface WireReserve {
  /** Before so many bytes are kept, or a new wire begins. Throws SP-5010 when the disk has no more than its reserve. */
  take(bytes: number): void;
}

export interface DiskSpace {
  free: number;
  size: number;
}

function spaceOf(folder: string): DiskSpace {
  const { bavail, blocks, bsize } = statfsSync(folder);
  return { free: bavail * bsize, size: blocks * bsize };
}

/** `folder`: where wires grow. A disk that cannot be asked is one that cannot be written to: that says itself. */
export function makeWireReserve(
  folder: string,
  ask: (folder: string) => DiskSpace = spaceOf,
  now: () => number = () => performance.now(),
): WireReserve {
  let askedAt = Number.NEGATIVE_INFINITY;
  let since = 0;
  let isLow = false;

  function look(): void {
    askedAt = now();
    since = 0;
    try {
      const { free, size } = ask(folder);
      isLow = free < Math.min(reserveBytes, size * reserveShare);
    } catch {
      isLow = false;
    }
  }

  return {
    take(bytes) {
      since += bytes;
      if (since >= askEveryBytes || now() - askedAt >= askEveryMs) look();
      if (!isLow) return;
      throw new SallyportError(
        'SP-5010',
        'The disk of this control server is nearly full. What is left of it is for its database and audit log, so nothing that has to be kept crosses its relay. Whoever keeps the server has to make room.',
      );
    },
  };
}
