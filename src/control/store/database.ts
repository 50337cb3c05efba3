import type { ColumnType, Generated, JSONColumnType, Kysely } from 'kysely';
import type { ApplyDocument, Role } from '../../shared/protocol/control-api.ts';
import type { AccessRequestTable } from './access-tables.ts';
import type { ProcessTables } from './process-tables.ts';
import type { ReviewTables } from './review-tables.ts';
import type { SessionTables } from './session-tables.ts';

/** A moment: read as `Date`, written as `Date`. */
export type Moment = ColumnType<Date, Date, Date>;
export type MomentOrNull = ColumnType<Date | null, Date | null | undefined, Date | null>;
/** `jsonb`: read as a value, written as text made with JSON.stringify (drivers disagree about arrays otherwise). */
export type Json<T extends object> = JSONColumnType<T, string, string>;

export type Login = ApplyDocument['targets'][number]['logins'][number];
export type TargetRecordingRow = ApplyDocument['targets'][number]['recording'];
export type TargetLimits = ApplyDocument['targets'][number]['limits'];

/** One row, id 1. `version` counts the applies that changed something: whoever caches a decision keeps it beside this number. */
export interface OrganisationTable {
  id: number;
  name: string;
  break_glass_recipient: string;
  device_key: 'keyring' | 'file';
  relay_exceptions: Json<string[]>;
  sealed_passwords: 'denied' | 'allowed';
  /** As of before it could be said: empty, which means the defaults. */
  recording: Json<Partial<ApplyDocument['organisation']['recording']>>;
  version: number;
}

/** A removed person or target keeps its row: recordings go on naming it. */
export interface PersonTable {
  id: string;
  name: string;
  roles: Json<Role[]>;
  groups: Json<string[]>;
  created_at: Moment;
  removed_at: MomentOrNull;
}

export interface TargetTable {
  id: string;
  name: string;
  description: string;
  host: string;
  port: number;
  route: 'relay' | 'direct';
  labels: Json<Record<string, string>>;
  production: boolean;
  owner: string | null;
  needs: Json<('reason' | 'ticket')[]>;
  logins: Json<Login[]>;
  /** OpenSSH lines without comment */
  host_keys: Json<string[]>;
  limits: Json<TargetLimits>;
  recording: Json<TargetRecordingRow>;
  /** When it last failed to exchange keys again; sessions are granted without anchors from then on, until the target is changed by an apply. */
  reexchange_failed_at: MomentOrNull;
  created_at: Moment;
  removed_at: MomentOrNull;
}

export interface PolicyTable {
  id: string;
  cedar: string;
}

export interface InviteTable {
  /** SHA-256 of the code, hex: the code itself is nowhere. */
  code_hash: string;
  user_id: string;
  created_by: string;
  created_at: Moment;
  expires_at: Moment;
  used_at: MomentOrNull;
}

export interface DeviceTable {
  id: string;
  user_id: string;
  name: string;
  /** RFC 7638, SHA-256, base64url */
  thumbprint: string;
  /** OpenSSH line, ecdsa-sha2-nistp256 */
  public_key: string;
  enrolled_at: Moment;
  revoked_at: MomentOrNull;
}

/** Identifiers of DPoP proofs that were used, until they expire on their own. */
export interface ProofTable {
  jti_hash: string;
  expires_at: Moment;
}

/** That a password is in the vault, never the password. */
export interface SecretTable {
  target_name: string;
  login: string;
  set_at: Moment;
  /** A person's id. */
  set_by: string;
}

/** Of servers that share a PostgreSQL; see broker/vault/database-vault.ts. */
export interface VaultEntryTable {
  name: string;
  sealed: Uint8Array;
  updated_at: Moment;
}

export interface AuditTable {
  id: Generated<number>;
  at: Moment;
  event: string;
  actor: string;
  subject: string | null;
  detail: Json<Record<string, unknown>>;
}

export interface Database extends SessionTables, ReviewTables, ProcessTables {
  organisation: OrganisationTable;
  people: PersonTable;
  targets: TargetTable;
  policies: PolicyTable;
  invites: InviteTable;
  devices: DeviceTable;
  used_proofs: ProofTable;
  secrets: SecretTable;
  access_requests: AccessRequestTable;
  vault_entries: VaultEntryTable;
  audit_events: AuditTable;
}

/**
 * May change the database. The embedded one has a single connection: inside a transaction use the transaction and nothing else, since a query
 * on the writer or a reader would wait for it for ever.
 */
export type Writer = Kysely<Database>;
/** May only look. A transaction is one too. */
export type Reader = Pick<Writer, 'selectFrom'>;
