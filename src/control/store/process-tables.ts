import type { ColumnType } from 'kysely';
import type { Moment } from './database.ts';

/** What several control processes on one database share (migration 008). */

/** `seen_at`: the database's clock. A process that was not seen for some seconds is dead (live/watch.ts). */
export interface ProcessTable {
  id: string;
  seen_at: Moment;
}

/** The newest control channel of each device, over all processes. */
export interface ChannelTable {
  device_id: string;
  number: ColumnType<number>;
  process_id: string;
}

export interface LoginKeyTable {
  session_id: string;
  /** The private half of a login key (PKCS #8), wrapped by the vault. */
  wrapped: string;
  expires_at: Moment;
}

export interface ProcessTables {
  control_processes: ProcessTable;
  control_channels: ChannelTable;
  login_keys: LoginKeyTable;
}
