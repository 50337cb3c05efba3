import { type Kysely, sql } from 'kysely';

/**
 * Who stored which password and when; the password itself is in the vault. And sessions whose login is by password have no certificate.
 */
export const vaultedPasswords = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      create table secrets (
        target_name text not null,
        login text not null,
        set_at timestamptz not null,
        set_by text not null,
        primary key (target_name, login)
      )
    `.execute(db);
    await sql`alter table sessions alter column certificate drop not null`.execute(db);
  },
};
