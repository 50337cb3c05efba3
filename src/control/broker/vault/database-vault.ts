import { SallyportError } from '../../../shared/errors/result.ts';
import type { Clock } from '../../context.ts';
import type { Writer } from '../../store/database.ts';
import { checkSecretName, checkSecretPrefix, type Vault } from '../../vault.ts';
import { findMasterKey } from './master-key.ts';
import { deriveKey, openBox, sealBox } from './sealing.ts';

/** A row that no secret can have the name of: it opens with the master key that the others were sealed under. */
const checkName = '#check';

/**
 * The embedded vault of servers that share a database: rows of `vault_entries`, each an AES-256-GCM box (sealing.ts) bound to its name, under the
 * master key, which is never in the database. Every server needs the same master key. Throws SP-5006 when there is none or another one, SP-5010 when the
 * database does not answer.
 */
export async function openDatabaseVault(options: {
  writer: Writer;
  clock: Pick<Clock, 'now'>;
  dataFolder: string;
  environment?: NodeJS.ProcessEnv;
}): Promise<Vault> {
  const { writer, clock } = options;

  async function sealedOf(name: string): Promise<Uint8Array | null> {
    const row = await writer.selectFrom('vault_entries').select('sealed').where('name', '=', name).executeTakeFirst();
    return row?.sealed ?? null;
  }

  /** False when there is something under that name. */
  async function insert(name: string, sealed: Uint8Array): Promise<boolean> {
    const { numInsertedOrUpdatedRows } = await writer
      .insertInto('vault_entries')
      .values({ name, sealed, updated_at: clock.now() })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .executeTakeFirst();
    return numInsertedOrUpdatedRows === 1n;
  }

  const master = await findMasterKey({
    ...options,
    mayMake: (await sealedOf(checkName)) === null,
    whenMissing: {
      why: 'the vault in the database was made with a key that this server does not have',
      action: 'Give every server the same key: name its file in SALLYPORT_VAULT_KEY_FILE.',
    },
  });
  const key = deriveKey(master, 'database entry');
  master.fill(0);

  // Of servers that start for the first time together, one makes this row; the key of the others has to be the same.
  await insert(checkName, sealBox(key, checkName, Buffer.from('sallyport vault in a database, version 0')));
  open(checkName, await sealedOf(checkName));

  function open(name: string, sealed: Uint8Array | null): Buffer | null {
    if (sealed === null) return null;
    try {
      return openBox(key, name, sealed);
    } catch {
      const why =
        name === checkName
          ? "The vault in the database does not open with this server's master key. Every server needs the key that the first one had: name its file in SALLYPORT_VAULT_KEY_FILE."
          : 'An entry of the vault in the database is damaged, or is not what was stored under its name. Restore the database from a backup.';
      throw new SallyportError('SP-5006', why);
    }
  }

  return {
    kind: 'embedded',
    async get(name) {
      checkSecretName(name);
      return open(name, await sealedOf(name));
    },
    async has(name) {
      checkSecretName(name);
      const row = await writer.selectFrom('vault_entries').select('name').where('name', '=', name).executeTakeFirst();
      return row !== undefined;
    },
    async put(name, secret) {
      checkSecretName(name);
      const row = { sealed: sealBox(key, name, secret), updated_at: clock.now() };
      await writer
        .insertInto('vault_entries')
        .values({ name, ...row })
        .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
        .execute();
    },
    async add(name, secret) {
      checkSecretName(name);
      for (;;) {
        if (await insert(name, sealBox(key, name, secret))) return Buffer.from(secret);
        const there = open(name, await sealedOf(name));
        if (there !== null) return there;
        // Removed in between: it is free again.
      }
    },
    async remove(name) {
      checkSecretName(name);
      const { numDeletedRows } = await writer.deleteFrom('vault_entries').where('name', '=', name).executeTakeFirst();
      return numDeletedRows === 1n;
    },
    async list(prefix) {
      checkSecretPrefix(prefix);
      const rows = await writer.selectFrom('vault_entries').select('name').orderBy('name').execute();
      return rows.map((row) => row.name).filter((name) => name !== checkName && name.startsWith(prefix));
    },
  };
}
