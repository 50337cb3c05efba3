import { type FileHandle, open } from 'node:fs/promises';
import { SallyportError } from '../../shared/errors/result.ts';
import type { Stream } from '../../shared/model/recording.ts';
import { headerBytesAtMost } from '../../shared/record/journal.ts';
import { scanFrames } from '../../shared/record/journal-scan.ts';
import { isMissing } from '../files.ts';

const scanBytes = 4_194_304;
/** What is read into memory, at most. */
const restBytesAtMost = 268_435_456;

/**
 * What is needed of a journal whose first `covered` frames of each stream are in segments: its header line, and everything from the last keys frame that counts no more than those; as a
 * server keeps it (shared/record/journal.ts). The file may be written to meanwhile. Null where there is none. Throws SP-5005 when that is more than can be read at once, and what the
 * file system throws.
 */
export async function restOfJournal(
  path: string,
  covered: Readonly<Record<Stream, number>>,
): Promise<Uint8Array<ArrayBuffer> | null> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
  try {
    const { size } = await file.stat();
    const header = await readHeader(file);
    if (header === null) return null;
    const from = await findStart(file, { from: header.length, size, covered });
    const bytes = size - from;
    if (bytes > restBytesAtMost)
      throw new SallyportError(
        'SP-5005',
        'What is not sealed yet of this session is too large to be read at once. Open the recording again when it is stored.',
      );
    const whole = new Uint8Array(header.length + bytes);
    whole.set(header);
    const { bytesRead } = await file.read(whole, header.length, bytes, from);
    return bytesRead === bytes ? whole : whole.slice(0, header.length + bytesRead);
  } finally {
    await file.close();
  }
}

async function findStart(
  file: FileHandle,
  { from, size, covered }: { from: number; size: number; covered: Readonly<Record<Stream, number>> },
): Promise<number> {
  let start = from;
  const buffer = new Uint8Array(scanBytes);
  for (let at = from; at < size; ) {
    const { bytesRead } = await file.read(buffer, 0, scanBytes, at);
    const scan = scanFrames(buffer.subarray(0, bytesRead));
    for (const frame of scan.frames) {
      if (frame.kind !== 'keys') continue;
      const { frames } = frame.facts;
      if (frames.output > covered.output || frames.input > covered.input) return start;
      start = at + frame.at;
    }
    // The rest is torn or damaged: its reader says so.
    if (scan.end === 0) break;
    at += scan.end;
  }
  return start;
}

async function readHeader(file: FileHandle): Promise<Uint8Array | null> {
  const { buffer, bytesRead } = await file.read(new Uint8Array(headerBytesAtMost), 0, headerBytesAtMost, 0);
  const end = buffer.subarray(0, bytesRead).indexOf(0x0a);
  return end < 0 ? null : buffer.slice(0, end + 1);
}
