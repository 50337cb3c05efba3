import { type Kysely, sql } from 'kysely';

/** The embedded vault of servers that share a PostgreSQL: one sealed box per name. With PGlite the table stays empty, the vault is a file. */
export const vaultEntries = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      create table vault_entries (
        name text collate "C" primary key,
        sealed bytea not null,
        updated_at timestamptz not null
      )
    `.execute(db);
  },
};
