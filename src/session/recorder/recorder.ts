import type { KeyObject } from 'node:crypto';
import type { Problem } from '../../shared/errors/result.ts';
import type { PartKind } from '../../shared/model/recording.ts';
import type { EndReason } from '../../shared/model/session.ts';
import type { GrantPayload, Signed } from '../../shared/protocol/signed.ts';
import type { AnchorSubject } from '../../shared/record/manifest.ts';

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

/** A part of the recording that is kept: a segment of a stream, or an anchor. */
export interface SealedPart {
  stream: PartKind;
  seq: number;
  /** Bytes of the file as stored. */
  bytes: number;
  sha256: string;
}

/** One key exchange that carried a digest, to be kept. */
export interface AnchorToKeep {
  subject: AnchorSubject;
  /** How many lines of the manifest the digest covers, as `covered` said before the exchange; 0 for the grant. */
  lines: number;
  /** The file's bytes, for the number that the anchor gets. */
  fileOf(seq: number): Promise<Uint8Array>;
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
  /** After a part's file and the signed manifest that names it are on disk. */
  onSealed(listener: (part: SealedPart) => void): void;
  /** At most once: a failed sync, a full disk, a segment that could not be sealed. The session must stop and call `close`. */
  onFailed(listener: (problem: Problem) => void): void;
  /** Lines of the manifest so far, and the digest of exactly these (hex): what an anchor carries. */
  covered(): { lines: number; digest: string };
  /** The digest (hex) of the manifest's first `lines` lines, or null when it has never had so many. */
  headOf(lines: number): string | null;
  /**
   * Writes an anchor's file, its manifest line and the signature; resolves when they are on disk. Rejects with what `fileOf` threw (then there is no
   * such anchor and the record goes on), and with SP-3011 when the record takes no more.
   */
  keepAnchor(anchor: AnchorToKeep): Promise<void>;
  /** Makes a receipt a line of the manifest. It was verified, its `head` is `headOf` its `lines`. One that covers no more than the last is left out. */
  receipt(signed: Signed): void;
  /**
   * Closes the segments that are open; resolves when the manifest names all that was recorded, or never will. Before `close`, so that the last anchor can
   * cover them.
   */
  sealOpen(): Promise<void>;
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
  /** Bytes of a manifest that the server takes, when that is less than the format's limit: for tests. */
  manifestBytesAtMost?: number;
}
