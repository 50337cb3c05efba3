import { createHash } from 'node:crypto';
import { closeSync, fdatasync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SallyportError } from '../../shared/errors/result.ts';
import type { Stream } from '../../shared/model/recording.ts';
import { type EventCode, streamOf } from '../../shared/record/events.ts';
import {
  epochBytes,
  epochFrames,
  epochMs,
  type JournalHeader,
  journalFile,
  journalVersion,
} from '../../shared/record/journal.ts';
import { syncFolderSync } from '../files/durable.ts';
import { sealFrame } from './frame.ts';
import { type EpochKeys, formatKeysFrame, makeEpochKeys } from './keys-frame.ts';

const datasync = promisify(fdatasync);

/** The fault that SP-3011 names where no file system answered. */
export const programFault = 'program';

/** The fault that SP-3011 names of a record that ends because it is long. */
export const lengthFault = 'length';

/** Why a record could not be written, from the fault that SP-3011 names: words for the middle of a sentence. */
export function recordFaultWords(fault: string | undefined): string {
  if (fault === lengthFault) return 'it is as long as a recording can be';
  if (fault === programFault) return 'this program failed while it made it';
  if (fault === 'ENOSPC' || fault === 'EDQUOT') return 'the disk is full';
  return fault === 'EROFS' ? 'the disk takes no more writes' : `the file system answered ${fault ?? 'unknown'}`;
}

/** SP-3011 for a record that may not get any longer. */
export function recordTooLong(): SallyportError {
  return new SallyportError(
    'SP-3011',
    'The session was stopped because its record is as long as a recording can be. All of it up to here is recorded, and nothing unrecorded was shown. Connect again to go on.',
    { facts: { fault: lengthFault } },
  );
}

/** SP-3011 for any fault while recording: of the file system, or of the program itself. */
export function recordWriteFailed(error: unknown): SallyportError {
  const given = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  // Those of a file system are E and capitals; Node's own say ERR_ and more.
  const code = /^E[A-Z0-9]+$/.test(given) ? given : programFault;
  const now =
    code === programFault
      ? 'Connect again; if it comes back, tell whoever runs Sallyport for you.'
      : 'Free space or repair the disk, then connect again.';
  const why = recordFaultWords(code);
  return new SallyportError(
    'SP-3011',
    `The recording could not be written: ${why}. The session was stopped, nothing unrecorded was shown. ${now}`,
    { facts: { fault: code } },
  );
}

interface StreamState {
  key: Buffer;
  bytes: number;
  frames: number;
  /** Frames that `key` has sealed: the next one's nonce. */
  underKey: number;
}

/** What a journal is created from, besides its keys. */
export interface JournalFacts {
  folder: string;
  header: Omit<JournalHeader, 'keys' | 'sallyport-journal'>;
  recipients: Record<Stream, string[]>;
}

/**
 * The journal of one running session. `append` returns after write() has: from then on the bytes survive the process. After the first
 * failure it takes nothing more, so no nonce is ever used for two plaintexts. Its keys change from time to time (`changeKeys`): what one
 * pair opens is a part of the session.
 */
export class JournalWriter {
  private readonly fd: number;
  private readonly headerHash: Buffer;
  private readonly recipients: Record<Stream, string[]>;
  private readonly streams: Record<Stream, StreamState>;
  private chain: Buffer;
  private failure: SallyportError | null = null;
  private isClosed = false;
  private epoch = 0;
  private epochSinceMs = 0;
  private epochSinceBytes = 0;
  /** Made ahead: a cut does not wait for the sealing of keys. */
  private next: EpochKeys | null = null;

  constructor(options: {
    fd: number;
    headerHash: Buffer;
    keys: Record<Stream, Buffer>;
    recipients: Record<Stream, string[]>;
  }) {
    const { fd, headerHash, keys, recipients } = options;
    this.fd = fd;
    this.headerHash = headerHash;
    this.chain = headerHash;
    this.recipients = recipients;
    this.streams = {
      output: { key: keys.output, bytes: 0, frames: 0, underKey: 0 },
      input: { key: keys.input, bytes: 0, frames: 0, underKey: 0 },
    };
    void this.prepareKeys();
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
    const number = state.underKey;
    const frame = sealFrame({ key: state.key, headerHash: this.headerHash }, { stream, number, end, atMs, code, data });
    this.write(frame);
    // A frame that is half on disk has used its nonce, but then nothing is ever sealed again.
    state.frames += 1;
    state.underKey += 1;
    state.bytes = end;
    return { end, written: frame.length };
  }

  /** Whether the epoch of the present keys is over and new ones are at hand. */
  keysAreDue(nowMs: number): boolean {
    if (this.next === null || this.failure !== null || this.isClosed) return false;
    const { output, input } = this.streams;
    return (
      nowMs - this.epochSinceMs >= epochMs ||
      output.bytes - this.epochSinceBytes >= epochBytes ||
      Math.max(output.underKey, input.underKey) >= epochFrames
    );
  }

  /** Ends the epoch: a frame with the sealed keys of the next one; the old keys are wiped. Call it when `keysAreDue`. Throws SP-3011. */
  changeKeys(nowMs: number): { written: number } {
    if (this.failure !== null) throw this.failure;
    const next = this.next;
    if (next === null || this.isClosed) throw recordWriteFailed(new Error('no keys at hand'));
    this.next = null;
    const { output, input } = this.streams;
    const frame = formatKeysFrame({
      headerHash: this.headerHash,
      epoch: this.epoch + 1,
      facts: {
        frames: { output: output.frames, input: input.frames },
        bytes: { output: output.bytes, input: input.bytes },
        chain: this.chain.toString('hex'),
        keys: next.sealed,
      },
      ending: {
        output: { key: output.key, frames: output.underKey },
        input: { key: input.key, frames: input.underKey },
      },
    });
    this.write(frame);
    this.epoch += 1;
    this.epochSinceMs = nowMs;
    this.epochSinceBytes = output.bytes;
    for (const stream of ['output', 'input'] as const) {
      this.streams[stream].key.fill(0);
      this.streams[stream].key = next.keys[stream];
      this.streams[stream].underKey = 0;
    }
    void this.prepareKeys();
    return { written: frame.length };
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
    for (const key of Object.values(this.next?.keys ?? {})) key.fill(0);
    closeSync(this.fd);
  }

  /** Whoever is named was found good when the journal was made: what fails here is tried no more, and the keys stay. */
  private async prepareKeys(): Promise<void> {
    const next = await makeEpochKeys(this.recipients).catch(() => null);
    if (this.isClosed) for (const key of Object.values(next?.keys ?? {})) key.fill(0);
    else this.next = next;
  }

  private write(frame: Buffer): void {
    try {
      let at = 0;
      while (at < frame.length) at += writeSync(this.fd, frame, at);
    } catch (error) {
      throw this.fail(error);
    }
    this.chain = createHash('sha256').update(this.chain).update(frame).digest();
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
  const { keys, sealed } = await makeEpochKeys(facts.recipients);
  const header: JournalHeader = {
    'sallyport-journal': journalVersion,
    ...facts.header,
    keys: sealed,
  };
  const line = Buffer.from(`${JSON.stringify(header)}\n`);
  let fd: number | null = null;
  try {
    fd = openSync(join(facts.folder, journalFile), 'ax', 0o600);
    let at = 0;
    while (at < line.length) at += writeSync(fd, line, at);
    fsyncSync(fd);
    syncFolderSync(facts.folder);
    const headerHash = createHash('sha256').update(line).digest();
    return new JournalWriter({ fd, headerHash, keys, recipients: facts.recipients });
  } catch (error) {
    if (fd !== null) closeSync(fd);
    throw recordWriteFailed(error);
  }
}
