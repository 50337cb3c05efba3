import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { SallyportError } from '../../../shared/errors/result.ts';

const keyBytes = 32;

function refuse(file: string, why: string, action: string): SallyportError {
  return new SallyportError('SP-5006', `The vault's master key was not read: ${why}. ${action}`, { facts: { file } });
}

function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}

/**
 * Reads the master key: 32 raw bytes, or 64 hexadecimal digits. The file must be a plain file (no symbolic link), belong to this process's user or
 * to root, and be closed to everyone else. Throws SP-5006 in words otherwise; null when there is no such file.
 */
export async function readMasterKey(file: string): Promise<Buffer | null> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW).catch((error: unknown) => {
    const code = errnoOf(error);
    if (code === 'ENOENT') return null;
    if (code === 'ELOOP') throw refuse(file, 'it is a symbolic link', 'Put the key itself at that path.');
    throw refuse(
      file,
      `it cannot be opened (${code})`,
      'Make it readable by the user the server runs as, and by nobody else.',
    );
  });
  if (handle === null) return null;
  try {
    const facts = await handle.stat();
    if (!facts.isFile()) throw refuse(file, 'it is not a plain file', 'Put the key itself at that path.');
    const me = process.getuid?.();
    if (me !== undefined && facts.uid !== me && facts.uid !== 0) {
      throw refuse(
        file,
        `it belongs to user ${facts.uid}, not to the server's user ${me}`,
        `Change its owner: chown ${me} ${file}`,
      );
    }
    if ((facts.mode & 0o077) !== 0) {
      const mode = (facts.mode & 0o777).toString(8).padStart(4, '0');
      throw refuse(
        file,
        `others may read or change it (mode ${mode})`,
        `Close it, and make a new key if it was open on a shared machine: chmod 0600 ${file}`,
      );
    }
    const content = await handle.readFile();
    if (content.length === keyBytes) return content;
    const text = content.toString('latin1').trim();
    if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, 'hex');
    throw refuse(
      file,
      `it holds ${content.length} bytes instead of 32`,
      'Restore it from your backup: another key does not open this vault.',
    );
  } finally {
    await handle.close();
  }
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
  if (!options.mayMake)
    throw refuse(
      own,
      'the file is gone, and the vault beside it needs it',
      'Restore it from your backup: without it the vault cannot be opened.',
    );
  return makeMasterKey(own);
}
