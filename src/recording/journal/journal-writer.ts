import { createHash, randomBytes } from 'node:crypto';
import { closeSync, fdatasync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SallyportError } from '../../shared/errors/result.ts';
import type { Stream } from '../../shared/model/recording.ts';
import { type EventCode, streamOf } from '../../shared/record/events.ts';
import { type JournalHeader, journalFile, journalKeyBytes, journalVersion } from '../../shared/record/journal.ts';
import { ageSeal } from '../codecs/age.ts';
import { syncFolderSync } from '../files/durable.ts';
import { sealFrame } from './frame.ts';

const datasync = promisify(fdatasync);

/** SP-3011 for any fault of the file system while recording. */
export function recordWriteFailed(error: unknown): SallyportError {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
  const why = code === 'ENOSPC' || code === 'EDQUOT' ? 'the disk is full' : `the file system answered ${code}`;
  return new SallyportError(
    'SP-3011',
    `The recording could not be written: ${why}. The session was stopped, nothing unrecorded was shown. Free space or repair the disk, then connect again.`,
    { facts: { fault: code } },
  );
}

interface StreamState {
  key: Buffer;
  bytes: number;
  frames: number;
}

/** What a journal is created from, besides its keys. */
export interface JournalFacts {
  folder: string;
  header: Omit<JournalHeader, 'keys' | 'sallyport-journal'>;
  recipients: Record<Stream, string[]>;
}

/**
 * The journal of one running session. `append` returns after write() has: from then on the bytes survive the process. After the first
 * failure it takes nothing more, so no nonce is ever used for two plaintexts.
 */
export class JournalWriter {
  private readonly fd: number;
  private readonly headerHash: Buffer;
  private readonly streams: Record<Stream, StreamState>;
  private chain: Buffer;
  private failure: SallyportError | null = null;
  private isClosed = false;

  constructor(fd: number, headerHash: Buffer, keys: Record<Stream, Buffer>) {
    this.fd = fd;
    this.headerHash = headerHash;
    this.chain = headerHash;
    this.streams = {
      output: { key: keys.output, bytes: 0, frames: 0 },
      input: { key: keys.input, bytes: 0, frames: 0 },
    };
  }

  /** SHA-256 of the header line, in hex. */
  get firstLink(): string {
    return this.headerHash.toString('hex');
  }

  get failed(): SallyportError | null {
    return this.failure;
  }

  head(): { outputBytes: number; inputBytes: number; frames: number; chain: string } {
    const { output, input } = this.streams;
    return {
      outputBytes: output.bytes,
      inputBytes: input.bytes,
      frames: output.frames + input.frames,
      chain: this.chain.toString('hex'),
    };
  }

  /** Frames of one stream so far. */
  framesOf(stream: Stream): number {
    return this.streams[stream].frames;
  }

  /** Writes one event as a frame. Returns its stream's end offset in raw bytes. Throws SP-3011, and for ever after the first time. */
  append(code: EventCode, data: Uint8Array, atMs: number): { end: number; written: number } {
    if (this.failure !== null) throw this.failure;
    if (this.isClosed) throw recordWriteFailed(new Error('closed'));
    const stream = streamOf(code);
    const state = this.streams[stream];
    const end = code === 'o' || code === 'i' ? state.bytes + data.length : state.bytes;
    const number = state.frames;
    const frame = sealFrame({ key: state.key, headerHash: this.headerHash }, { stream, number, end, atMs, code, data });
    try {
      let at = 0;
      while (at < frame.length) at += writeSync(this.fd, frame, at);
    } catch (error) {
      throw this.fail(error);
    }
    // A frame that is half on disk has used its nonce, but then nothing is ever sealed again.
    state.frames += 1;
    state.bytes = end;
    this.chain = createHash('sha256').update(this.chain).update(frame).digest();
    return { end, written: frame.length };
  }

  /** fdatasync. Rejects with SP-3011; a failed sync is final, since the kernel may have dropped the pages it could not write. */
  async sync(): Promise<void> {
    if (this.failure !== null) throw this.failure;
    try {
      await datasync(this.fd);
    } catch (error) {
      throw this.fail(error);
    }
  }

  /** Closes the file and wipes the keys. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const state of Object.values(this.streams)) state.key.fill(0);
    closeSync(this.fd);
  }

  private fail(error: unknown): SallyportError {
    this.failure ??= recordWriteFailed(error);
    return this.failure;
  }
}

/**
 * Creates `journal` in the folder: header on disk, folder synced. Throws SP-3011 when it cannot, also when there is one already.
 */
export async function createJournal(facts: JournalFacts): Promise<JournalWriter> {
  const keys = { output: randomBytes(journalKeyBytes), input: randomBytes(journalKeyBytes) };
  const [output, input] = await Promise.all([
    ageSeal(keys.output, facts.recipients.output),
    ageSeal(keys.input, facts.recipients.input),
  ]);
  const header: JournalHeader = {
    'sallyport-journal': journalVersion,
    ...facts.header,
    keys: { output: Buffer.from(output).toString('base64'), input: Buffer.from(input).toString('base64') },
  };
  const line = Buffer.from(`${JSON.stringify(header)}\n`);
  try {
    const fd = openSync(join(facts.folder, journalFile), 'ax', 0o600);
    let at = 0;
    while (at < line.length) at += writeSync(fd, line, at);
    fsyncSync(fd);
    syncFolderSync(facts.folder);
    return new JournalWriter(fd, createHash('sha256').update(line).digest(), keys);
  } catch (error) {
    throw recordWriteFailed(error);
  }
}
