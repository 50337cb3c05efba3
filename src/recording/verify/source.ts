import type { KeyedStream, PartKind } from '../../shared/model/recording.ts';
import type { Manifest } from '../../shared/record/manifest.ts';
import type { WireDirection } from '../../shared/record/wire.ts';
import type { RecordingDocuments } from './verify-documents.ts';

/** age identities that open a recording, one per stream. Absent: that stream stays shut. */
export type Identities = Partial<Record<KeyedStream, string>>;

/** Bytes that need not fit into memory. */
export type ByteStream = AsyncIterable<Uint8Array>;

/** Where the files of one recording come from: a folder, or a server. Each method answers null for what is not there and throws what reading throws. */
export interface RecordingSource extends RecordingDocuments {
  /** Whether `serverKey` was kept by the asker from before, or came with the recording. */
  serverKeyPinned: boolean;
  /** A stored part's bytes. */
  segment: (kind: PartKind, seq: number) => Promise<Uint8Array | null>;
  /** One direction of the kept wire. A source without this method never looks at it. */
  wire?: (direction: WireDirection) => Promise<ByteStream | null>;
  /** The journal of a session that crashed, or runs. */
  journal?: () => Promise<Uint8Array | null>;
  /** What the server holds of the journal beyond the stored segments. */
  tail?: () => Promise<Uint8Array | null>;
}

/** A recording whose manifest was read, and what it is opened with. */
export interface OpenableRecording {
  source: RecordingSource;
  manifest: Manifest;
  identities: Identities;
}
