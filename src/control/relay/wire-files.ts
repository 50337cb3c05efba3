import { createHash, type Hash } from 'node:crypto';
import { closeSync, createReadStream, fdatasync, mkdirSync, openSync, writeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { SallyportError } from '../../shared/errors/result.ts';
import { type WireDirection, type WireHead, wireDirections, wireFile } from '../../shared/record/wire.ts';

const sync = promisify(fdatasync);

/** Where the wires of this server's connections grow until they are in the store. */
export function wiresFolder(dataFolder: string): string {
  return path.join(dataFolder, 'wires');
}

export const emptyHead: WireHead = {
  toTarget: { bytes: 0, sha256: createHash('sha256').digest('hex') },
  fromTarget: { bytes: 0, sha256: createHash('sha256').digest('hex') },
  closed: false,
};

interface Side {
  file: number;
  bytes: number;
  hash: Hash;
}

/**
 * The two files of one connection while it is open. `keep` returns when write() has returned: the process may die after it without a loss. A power cut may
 * cost what was not synced; no head names that.
 */
export class WireFiles {
  private readonly sides: Record<WireDirection, Side>;

  /** Makes `<folder>/<session>`, which must not be there. Throws SP-5010. */
  constructor(folder: string, sessionId: string) {
    const own = path.join(folder, sessionId);
    const make = (direction: WireDirection): Side => ({
      file: openSync(path.join(own, wireFile(direction)), 'wx', 0o600),
      bytes: 0,
      hash: createHash('sha256'),
    });
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      mkdirSync(own, { mode: 0o700 });
      this.sides = { 'to-target': make('to-target'), 'from-target': make('from-target') };
    } catch (cause) {
      throw unkept(cause);
    }
  }

  /** Bytes of both directions so far. */
  get bytes(): number {
    return this.sides['to-target'].bytes + this.sides['from-target'].bytes;
  }

  /** Throws SP-5010 when they cannot be written: then they must not be passed on. */
  keep(direction: WireDirection, bytes: Uint8Array): void {
    const side = this.sides[direction];
    try {
      // A disk that is nearly full takes a part.
      for (let at = 0; at < bytes.length; ) at += writeSync(side.file, bytes, at, bytes.length - at);
    } catch (cause) {
      throw unkept(cause);
    }
    side.hash.update(bytes);
    side.bytes += bytes.length;
  }

  /** How far it is kept, on the disk itself when this resolves. */
  async syncedHead(): Promise<WireHead> {
    const of = ({ bytes, hash }: Side) => ({ bytes, sha256: hash.copy().digest('hex') });
    const head = { toTarget: of(this.sides['to-target']), fromTarget: of(this.sides['from-target']), closed: false };
    await Promise.all(wireDirections.map((direction) => sync(this.sides[direction].file)));
    return head;
  }

  close(): void {
    for (const direction of wireDirections) closeSync(this.sides[direction].file);
  }
}

function unkept(cause: unknown): SallyportError {
  return new SallyportError(
    'SP-5010',
    'What crosses the relay cannot be kept on this server, so the connection was ended. Make room on its disk, or repair it.',
    { cause },
  );
}

/** The head of files that a process left behind, as they are: what was written last may be of a packet that never went on. */
export async function headOfFiles(folder: string, sessionId: string): Promise<WireHead> {
  const of = async (direction: WireDirection) => {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of createReadStream(path.join(folder, sessionId, wireFile(direction)))) {
      hash.update(chunk as Buffer);
      bytes += (chunk as Buffer).length;
    }
    return { bytes, sha256: hash.digest('hex') };
  };
  return { toTarget: await of('to-target'), fromTarget: await of('from-target'), closed: true };
}

export function removeFiles(folder: string, sessionId: string): Promise<void> {
  return rm(path.join(folder, sessionId), { recursive: true, force: true });
}
