import { open } from 'node:fs/promises';
import path from 'node:path';
import type { Kysely, Transaction } from 'kysely';
import { SallyportError } from '../../shared/errors/result.ts';
import type { Database } from '../store/database.ts';
import type { AuditEventName } from './events.ts';
import { auditLine } from './line.ts';

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
  /**
   * Writes the event to the table and to audit.log before it resolves. Rejects with SP-5010: what cannot be audited must not happen. Not
   * inside a transaction (the embedded database has one connection, which the transaction holds): use `recordWithin` there.
   */
  record(entry: AuditEntry): Promise<void>;
  /** Writes the row as part of a transaction. Call what it answers once the transaction is committed: it writes the line of audit.log. */
  recordWithin(transaction: Transaction<Database>, entry: AuditEntry): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

export interface AuditOptions {
  writer: Kysely<Database>;
  dataFolder: string;
  now(): Date;
}

/** The audit table and, beside it, `audit.log`: one JSON object per line, for whoever ships logs. Throws SP-5010 when the file cannot be opened. */
export async function openAudit({ writer, dataFolder, now }: AuditOptions): Promise<Audit> {
  const file = await open(path.join(dataFolder, 'audit.log'), 'a', 0o600).catch((cause: unknown) => {
    throw unavailable(cause);
  });
  // Lines keep the order of the calls and are never interleaved.
  let last: Promise<void> = Promise.resolve();

  function append(line: string): Promise<void> {
    const written = last.then(() => file.appendFile(line));
    last = written.catch(() => undefined);
    return written.catch((cause: unknown) => {
      throw unavailable(cause);
    });
  }

  async function insert(db: Pick<Transaction<Database>, 'insertInto'>, entry: AuditEntry): Promise<string> {
    const at = now();
    const detail = entry.detail ?? {};
    const row = { at, event: entry.event, actor: entry.actor, subject: entry.subject, detail: JSON.stringify(detail) };
    const { id } = await db
      .insertInto('audit_events')
      .values(row)
      .returning('id')
      .executeTakeFirstOrThrow()
      .catch((cause: unknown) => {
        throw unavailable(cause);
      });
    return auditLine({
      id,
      at: at.toISOString(),
      event: entry.event,
      actor: entry.actor,
      subject: entry.subject,
      detail,
    });
  }

  return {
    record: async (entry) => append(await insert(writer, entry)),
    recordWithin: async (transaction, entry) => {
      const line = await insert(transaction, entry);
      return () => append(line);
    },
    close: async () => {
      await last;
      await file.close();
    },
  };
}

function unavailable(cause: unknown): SallyportError {
  return new SallyportError(
    'SP-5010',
    'The audit record cannot be written, so the request was not carried out. The server may be out of disk space: ask whoever runs it.',
    { cause },
  );
}
