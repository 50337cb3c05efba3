import type { KeyObject } from 'node:crypto';
import type { Problem } from '../../shared/errors/result.ts';
import type { Stream } from '../../shared/model/recording.ts';
import type { EndReason } from '../../shared/model/session.ts';
import type { GrantPayload, Signed } from '../../shared/protocol/signed.ts';

/** What the journal holds: raw bytes per stream, frames of both, the last link of the chain (hex). */
export interface JournalHead {
  outputBytes: number;
  inputBytes: number;
  frames: number;
  chain: string;
}

export interface SyncedHead extends JournalHead {
  /** ISO 8601 UTC: when the sync returned. */
  syncedAt: string;
}

export interface SealedSegment {
  stream: Stream;
  seq: number;
  /** Bytes of the file as stored. */
  bytes: number;
  sha256: string;
}

/** The one thing that stands before the screen and before the target: what it did not take is neither shown nor sent. */
export interface Recorder {
  /**
   * Journals output bytes; when it returns, write() has returned. Returns the stream's end offset. Throws SP-3011: then nothing of it may be
   * shown and the session must stop.
   */
  output(data: Uint8Array): number;
  /** As `output`, before the bytes go to the target. */
  input(data: Uint8Array): number;
  resize(cols: number, rows: number): void;
  /** A small JSON text (shared/record/markers.ts). */
  marker(text: string): void;
  exit(status: string): void;
  /** Null when more may be recorded at once; else resolves when the sealing backlog is small again. Read no more from the target until then. */
  drained(): Promise<void> | null;
  head(): JournalHead;
  /** After each fdatasync. */
  onHead(listener: (head: SyncedHead) => void): void;
  /** After a segment's file and the signed manifest that names it are on disk. */
  onSealed(listener: (segment: SealedSegment) => void): void;
  /** At most once: a failed sync, a full disk, a segment that could not be sealed. The session must stop and call `close`. */
  onFailed(listener: (problem: Problem) => void): void;
  /** Seals what is open, writes the end line, signs. Resolves `complete: false` when that could not be done; never rejects. A second call gets the first's answer. */
  close(reason: EndReason): Promise<{ complete: boolean }>;
}

export interface RecorderOptions {
  /** The session's folder in the spool; it exists. */
  folder: string;
  grant: GrantPayload;
  grantSigned: Signed;
  /** Private half of the ed25519 key made in this process. */
  sessionKey: KeyObject;
  /** Armoured signature of the device key over `sessionKeyStatement`. */
  sessionKeyCertificate: string;
  /** OpenSSH line. */
  deviceKey: string;
  terminal: { cols: number; rows: number; term: string };
  /** Name and version of the program, e.g. "sallyport 0.1.0". */
  software: string;
}
