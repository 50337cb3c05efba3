import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { SallyportError } from '../../shared/errors/result.ts';
import { type WireDirection, type WireHead, wireDirections, wireFile } from '../../shared/record/wire.ts';
import type { WireDigests } from './wire-digests.ts';

/** Where the wires of this server's connections grow until they are in the store. */
export function wiresFolder(dataFolder: string): string {
  return path.join(dataFolder, 'wires');
}

const nothing = { bytes: 0, sha256: createHash('sha256').digest('hex') };
export const emptyHead: WireHead = { toTarget: nothing, fromTarget: nothing, closed: false };

/**
 * The two files of one connection while it is open. `keep` returns when write() has returned: the process may die after it without a loss. A power cut may
 * cost what was not synced; no head names that.
 */
export class WireFiles {
  private readonly files: Record<WireDirection, number>;
  private readonly kept: Record<WireDirection, number> = { 'to-target': 0, 'from-target': 0 };

  /** Makes `<folder>/<session>`, which must not be there. Throws SP-5010. */
  constructor(folder: string, sessionId: string) {
    const own = path.join(folder, sessionId);
    const make = (direction: WireDirection) => openSync(path.join(own, wireFile(direction)), 'wx', 0o600);
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      mkdirSync(own, { mode: 0o700 });
      this.files = { 'to-target': make('to-target'), 'from-target': make('from-target') };
    } catch (cause) {
      throw unkept(cause);
    }
  }

  get bytes(): Record<WireDirection, number> {
    return { ...this.kept };
  }

  /** Throws SP-5010 when they cannot be written: then they must not be passed on. */
  keep(direction: WireDirection, bytes: Uint8Array): void {
    try {
      // A disk that is nearly full takes a part.
      for (let at = 0; at < bytes.length; ) at += writeSync(this.files[direction], bytes, at, bytes.length - at);
    } catch (cause) {
      throw unkept(cause);
    }
    this.kept[direction] += bytes.length;
  }

  close(): void {
    for (const direction of wireDirections) closeSync(this.files[direction]);
  }
}

function unkept(cause: unknown): SallyportError {
  return new SallyportError(
    'SP-5010',
    'What crosses the relay cannot be kept on this server, so the connection was ended. Make room on its disk, or repair it.',
    { cause },
  );
}

/** How far a session's files are kept, on the disk itself when this resolves. Rejects as `digests` does. */
export async function headOf(
  digests: WireDigests,
  of: { folder: string; sessionId: string; bytes: Record<WireDirection, number>; closed: boolean },
): Promise<WireHead> {
  const files = wireDirections.map((direction) => ({
    path: path.join(of.folder, of.sessionId, wireFile(direction)),
    bytes: of.bytes[direction],
  }));
  const [toTarget = '', fromTarget = ''] = await digests.digests(files, of.closed);
  return {
    toTarget: { bytes: of.bytes['to-target'], sha256: toTarget },
    fromTarget: { bytes: of.bytes['from-target'], sha256: fromTarget },
    closed: of.closed,
  };
}

/** The head of files that a process left behind, as they are: what was written last may be of a packet that never went on. */
export async function headOfFiles(digests: WireDigests, folder: string, sessionId: string): Promise<WireHead> {
  const sizeOf = async (direction: WireDirection) =>
    (await stat(path.join(folder, sessionId, wireFile(direction)))).size;
  const bytes = { 'to-target': await sizeOf('to-target'), 'from-target': await sizeOf('from-target') };
  return headOf(digests, { folder, sessionId, bytes, closed: true });
}

export function removeFiles(folder: string, sessionId: string): Promise<void> {
  return rm(path.join(folder, sessionId), { recursive: true, force: true });
}
