import { type Kysely, sql } from 'kysely';

/** Whether the organisation allows logins whose password reaches the endpoint. */
export const sealedPasswords = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      alter table organisation
        add column sealed_passwords text not null default 'denied' check (sealed_passwords in ('denied', 'allowed'))
    `.execute(db);
  },
};
