import type { ColumnType, Generated } from 'kysely';
import type { OrderState } from '../../shared/model/order.ts';
import type { KeyedStream, PartKind } from '../../shared/model/recording.ts';
import type { EndReason } from '../../shared/model/session.ts';
import type { WireHead } from '../../shared/record/wire.ts';
import type { Json, Moment, MomentOrNull } from './database.ts';

/** Not known when the row is made. */
type LaterOrNull<T> = ColumnType<T | null, T | null | undefined, T | null>;

/** The tables of sessions, locks, orders and recordings (migrations 002 to 004). */

/** Registered before the launcher has the grant, so that a session whose files all vanish is still known. */
export interface SessionTable {
  id: string;
  user_id: string;
  device_id: string;
  target_id: string;
  login: string;
  route: 'relay' | 'direct';
  /** The IP address the relay connects to, fixed at the grant; null for direct sessions. */
  relay_address: string | null;
  session_key: string;
  session_key_certificate: string;
  /** Blob of the login certificate, base64. Public. Null where the login is by password. */
  certificate: string | null;
  grant_payload: string;
  grant_signature: string;
  granted_at: Moment;
  opened_at: MomentOrNull;
  /** When the one login signature was made, or the password was sealed to the session's process. */
  login_signed_at: MomentOrNull;
  /** When the one relay connection was made. */
  relayed_at: MomentOrNull;
  /** Set by the kill order: no renewal, no login, no relay from then on. */
  killed_at: MomentOrNull;
  ended_at: MomentOrNull;
  end_reason: Json<EndReason> | null;
  /** The server ends a session that has lost its lease; the launcher's own account of the end replaces it when it comes. */
  ended_by: 'launcher' | 'server' | null;
  /** The access request under which it was opened; null where no approval was needed. */
  access_request_id: ColumnType<string | null, string | null | undefined, string | null>;
  /** When it was settled that its recording is late: alerted about, or found whole. */
  incomplete_alerted_at: MomentOrNull;
  /** The control process with the one relay connection, and when that connection was closed. */
  relayed_by: LaterOrNull<string>;
  relay_closed_at: MomentOrNull;
  /** Hex SHA-256 of what the target proved over the relay (relay/host-proof.ts), until the login takes it. */
  carried_proof: LaterOrNull<string>;
  /** The lease, where several processes share the database (live/lease-store.ts): all times by the database's clock. */
  lease_seq: Generated<number>;
  lease_renewed_at: Generated<Date>;
  lease_ends_at: MomentOrNull;
  /** The last word of its launcher: its opening, or a recording head. As of the last renewal. */
  heard_at: MomentOrNull;
  head_output_bytes: LaterOrNull<number>;
  head_input_bytes: LaterOrNull<number>;
}

export interface StreamKeyTable {
  session_id: string;
  stream: KeyedStream;
  recipient: string;
  /** Wrapped by the vault; deleting the row erases the stream for everyone without the break-glass key. */
  wrapped: string;
}

export interface LockTable {
  id: string;
  user_id: string;
  target_id: string;
  reason: string;
  by_id: string;
  by_name: string;
  created_at: Moment;
  lifted_at: MomentOrNull;
  lifted_by: string | null;
}

export interface OrderTable {
  id: string;
  session_id: string;
  device_id: string;
  kind: 'kill';
  reason: string;
  by_id: string;
  by_name: string;
  by_role: string;
  lock_id: string;
  state: OrderState;
  requested_at: Moment;
  sent_at: MomentOrNull;
  received_at: MomentOrNull;
  confirmed_at: MomentOrNull;
  /** The launcher's clock, as it said. */
  socket_closed_at_client: string | null;
  launcher_closed_ms: number | null;
  relay_closed_at: MomentOrNull;
  relay_closed_ms: number | null;
  survivors: 'none' | 'unknown';
  /** By the database's clock. */
  stored_at: Generated<Date>;
  payload: string;
  signature: string;
}

export interface SegmentTable {
  session_id: string;
  stream: PartKind;
  seq: number;
  /** Hex, of the stored bytes. */
  sha256: string;
  bytes: number;
  stored_at: Moment;
  /** Of text: when it was settled what of it is in the search index, and why not all of it is, in words. */
  indexed_at: MomentOrNull;
  index_problem: LaterOrNull<string>;
  /** How often that was begun, and when last: a process may have died of it. */
  index_tries: Generated<number>;
  index_tried_at: MomentOrNull;
}

/** The newest manifest of each recording; each accepted one extends the last byte for byte. */
export interface ManifestTable {
  session_id: string;
  text: string;
  signature: string;
  ended: boolean;
  /** How many anchors it lists. */
  anchors: Generated<number>;
  end_reason: string | null;
  /** Of a finished recording, see manifestTimes; null while it has no end. */
  started_at: MomentOrNull;
  ended_at: MomentOrNull;
  updated_at: Moment;
}

export interface ReceiptTable {
  session_id: string;
  lines: number;
  /** Among those for the same lines, from 0. */
  place: Generated<number>;
  payload: string;
  signature: string;
  at: Moment;
}

export interface JournalTable {
  session_id: string;
  sha256: string;
  bytes: number;
  because: string;
  stored_at: Moment;
}

/** What the relay keeps of a session's connection: its files are in the data folder of `kept_by` until they are stored. */
export interface WireTable {
  session_id: string;
  kept_by: string;
  head: Json<WireHead>;
  closed_at: MomentOrNull;
  stored_at: MomentOrNull;
  /** When it was last held against the recording. */
  verified_at: MomentOrNull;
  /** How often that was begun, and when last: a process may have died of it. */
  tries: Generated<number>;
  tried_at: MomentOrNull;
  /** When its time was over and it was deleted. */
  released_at: MomentOrNull;
}

/** How far the journal of a session that is not stored whole is held here (migration 011). */
export interface JournalTailTable {
  session_id: string;
  /** The journal's header line, with its line feed. */
  header: Uint8Array;
  /** Bytes of the journal's file that were acknowledged. */
  position: number;
  /** Bytes of all pieces that are kept now. */
  kept_bytes: number;
  /** Up to the position: frames and raw bytes of each stream, the epoch of keys, the chain's last link (hex). */
  frames_output: Generated<number>;
  frames_input: Generated<number>;
  bytes_output: Generated<number>;
  bytes_input: Generated<number>;
  epoch: Generated<number>;
  chain: string;
  updated_at: Moment;
}

export interface JournalTailPieceTable {
  session_id: string;
  /** Where it begins in the journal's file. */
  at: number;
  bytes: Uint8Array;
  /** Whether it begins with a keys frame, so that a tail may begin with it. */
  keys: boolean;
  frames_output: number;
  frames_input: number;
}

/** Targets whose last try by the relay failed; the next success removes the row. */
export interface UnreachableTable {
  target_id: string;
  since: Moment;
  code: string;
  message: string;
}

export interface SessionTables {
  sessions: SessionTable;
  stream_keys: StreamKeyTable;
  locks: LockTable;
  orders: OrderTable;
  recording_segments: SegmentTable;
  recording_manifests: ManifestTable;
  recording_receipts: ReceiptTable;
  recording_journals: JournalTable;
  wires: WireTable;
  journal_tails: JournalTailTable;
  journal_tail_pieces: JournalTailPieceTable;
  unreachable_targets: UnreachableTable;
}
