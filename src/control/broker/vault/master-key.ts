import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { SallyportError } from '../../../shared/errors/result.ts';
import { errnoOf, readClosedFile, refuseFile } from './closed-file.ts';

const keyBytes = 32;

const what = "The vault's master key";

function refuse(file: string, why: string, action: string): SallyportError {
  return refuseFile(what, file, why, action);
}

/** Reads the master key: 32 raw bytes, or 64 hexadecimal digits, from a file closed to others. Throws SP-5006 in words; null when there is no such file. */
export async function readMasterKey(file: string): Promise<Buffer | null> {
  const content = await readClosedFile(what, file);
  if (content === null || content.length === keyBytes) return content;
  const text = content.toString('latin1').trim();
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, 'hex');
  const why = `it holds ${content.length} bytes instead of 32`;
  throw refuse(file, why, 'Restore it from your backup: another key does not open this vault.');
}

/** Makes a new key file (0600, synced). Throws SP-5006 when it cannot. */
async function makeMasterKey(file: string): Promise<Buffer> {
  const key = randomBytes(keyBytes);
  try {
    const handle = await open(file, 'wx', 0o600);
    try {
      await handle.writeFile(key);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new SallyportError(
      'SP-5006',
      `The vault's master key could not be written (${errnoOf(error)}). Make the data folder writable for the server's user.`,
      { facts: { file } },
    );
  }
  return key;
}

/**
 * Finds the master key. First the path in SALLYPORT_VAULT_KEY_FILE, then `vault.key` in systemd's $CREDENTIALS_DIRECTORY, then `vault.key` in the
 * data folder, which is made when `mayMake` (no vault file yet). A named place that is empty is an error, never a reason to make a key.
 */
export async function findMasterKey(options: {
  dataFolder: string;
  mayMake: boolean;
  environment?: NodeJS.ProcessEnv;
  /** What to say instead when there is none in the data folder and none may be made. */
  whenMissing?: { why: string; action: string };
}): Promise<Buffer> {
  const environment = options.environment ?? process.env;
  const credentials = environment.CREDENTIALS_DIRECTORY;
  const named =
    environment.SALLYPORT_VAULT_KEY_FILE ??
    (credentials === undefined ? undefined : path.join(credentials, 'vault.key'));
  if (named !== undefined) {
    const key = await readMasterKey(named);
    if (key !== null) return key;
    // systemd sets CREDENTIALS_DIRECTORY for any credential of the unit: only a path that was given for this key is a promise.
    if (environment.SALLYPORT_VAULT_KEY_FILE !== undefined) {
      throw refuse(
        named,
        'SALLYPORT_VAULT_KEY_FILE names a file that is not there',
        'Mount the secret there, or unset the variable to use vault.key in the data folder.',
      );
    }
  }
  const own = path.join(options.dataFolder, 'vault.key');
  const key = await readMasterKey(own);
  if (key !== null) return key;
  if (!options.mayMake) {
    const { why, action } = options.whenMissing ?? {
      why: 'the file is gone, and the vault beside it needs it',
      action: 'Restore it from your backup: without it the vault cannot be opened.',
    };
    throw refuse(own, why, action);
  }
  return makeMasterKey(own);
}
