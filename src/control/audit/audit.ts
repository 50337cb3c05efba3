import type { AuditEventName } from './events.ts';

export interface AuditEntry {
  event: AuditEventName;
  /** A person's id; `server` for what the server does by itself, `unknown` before anyone is known. */
  actor: string;
  /** What it is about: the id of a session, target, person, device... */
  subject: string | null;
  /** Short facts; never a secret, never a code, never what was typed. */
  detail?: Record<string, unknown>;
}

export interface Audit {
  /** Writes the event to the table and to audit.log before it resolves. Rejects with SP-5010: what cannot be audited must not happen. */
  record(entry: AuditEntry): Promise<void>;
}
