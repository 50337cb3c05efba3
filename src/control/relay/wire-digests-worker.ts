// Computes the digests of growing files away from the server's own thread, and brings them to the disk: neither makes any connection wait. Started by
// wire-digests.ts.
import { createHash, type Hash } from 'node:crypto';
import { closeSync, fdatasyncSync, openSync, readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import type { DigestAnswer, DigestQuestion } from './wire-digests.ts';

interface Growing {
  file: number;
  hash: Hash;
  bytes: number;
}

/** What was read of each path so far. A worker that is new begins again. */
const known = new Map<string, Growing>();
const buffer = Buffer.alloc(1_048_576);

function digest(path: string, upTo: number): string {
  const growing = known.get(path) ?? { file: openSync(path, 'r'), hash: createHash('sha256'), bytes: 0 };
  known.set(path, growing);
  while (growing.bytes < upTo) {
    const length = readSync(growing.file, buffer, 0, Math.min(buffer.length, upTo - growing.bytes), growing.bytes);
    if (length === 0) throw new Error('the file is shorter than what was written to it');
    growing.hash.update(buffer.subarray(0, length));
    growing.bytes += length;
  }
  fdatasyncSync(growing.file);
  return growing.hash.copy().digest('hex');
}

function forget(path: string): void {
  const growing = known.get(path);
  if (growing !== undefined) closeSync(growing.file);
  known.delete(path);
}

function answer({ id, files, last }: DigestQuestion): DigestAnswer {
  try {
    return { id, digests: files.map(({ path, bytes }) => digest(path, bytes)), problem: null };
  } catch (error) {
    return { id, digests: [], problem: error instanceof Error ? error.message : 'unknown' };
  } finally {
    if (last) for (const { path } of files) forget(path);
  }
}

parentPort?.on('message', (question: DigestQuestion) => parentPort?.postMessage(answer(question)));
