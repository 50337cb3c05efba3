import { constants } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { SallyportError } from '../../../shared/errors/result.ts';
import type { Vault } from '../../context.ts';
import { findMasterKey } from './master-key.ts';
import { deriveKey, openBox, sealBox } from './sealing.ts';

/**
 * One encrypted file, `vault` in the data folder: the text line below, then an AES-256-GCM box (sealing.ts) of a JSON object `name -> base64`. It is
 * written whole, beside itself, synced and renamed, so that a crash leaves the old or the new one.
 */
const magic = 'sallyport vault, version 0\n';
const contentSchema = z.record(z.string(), z.base64());
type Content = z.infer<typeof contentSchema>;

async function readVaultFile(file: string): Promise<Buffer | null> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new SallyportError(
      'SP-5006',
      "The vault file cannot be opened. It must be a plain file that the server's user may read.",
      { facts: { file }, cause: error },
    );
  });
  if (handle === null) return null;
  try {
    const facts = await handle.stat();
    if (!facts.isFile() || (facts.mode & 0o077) !== 0) {
      const mode = (facts.mode & 0o777).toString(8).padStart(4, '0');
      throw new SallyportError(
        'SP-5006',
        `The vault file is open to others (mode ${mode}) and was not used. Close it: chmod 0600 ${file}`,
        { facts: { file } },
      );
    }
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

function decode(file: string, key: Buffer, bytes: Buffer): Content {
  const head = Buffer.from(magic, 'utf8');
  try {
    if (!bytes.subarray(0, head.length).equals(head)) throw new Error('magic');
    return contentSchema.parse(JSON.parse(openBox(key, magic, bytes.subarray(head.length)).toString('utf8')));
  } catch {
    // The reason is not passed on: a parser's message could quote what it read.
    throw new SallyportError(
      'SP-5006',
      'The vault does not open with this master key, or it is damaged. Restore the vault and its key from the same backup.',
      { facts: { file } },
    );
  }
}

async function writeAtomically(file: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${file}.new`;
  try {
    const handle = await open(temporary, 'w', 0o600);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    const folder = await open(path.dirname(file), 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (error) {
    throw new SallyportError(
      'SP-5006',
      'The vault could not be written, so nothing was changed. Check free space and permissions of the data folder.',
      { facts: { file }, cause: error },
    );
  }
}

/** Opens or makes the vault of a data folder. Throws SP-5006 (see master-key.ts for what is refused). */
export async function openEmbeddedVault(options: {
  dataFolder: string;
  environment?: NodeJS.ProcessEnv;
}): Promise<Vault> {
  const file = path.join(options.dataFolder, 'vault');
  const stored = await readVaultFile(file);
  const master = await findMasterKey({ ...options, mayMake: stored === null });
  const fileKey = deriveKey(master, 'file');
  let content: Content = stored === null ? {} : decode(file, fileKey, stored);
  let writing: Promise<void> = Promise.resolve();

  function put(name: string, secret: Uint8Array): Promise<void> {
    const work = writing.then(async () => {
      const next = { ...content, [name]: Buffer.from(secret).toString('base64') };
      await writeAtomically(
        file,
        Buffer.concat([Buffer.from(magic), sealBox(fileKey, magic, Buffer.from(JSON.stringify(next)))]),
      );
      content = next;
    });
    writing = work.catch(() => undefined);
    return work;
  }

  return {
    async get(name) {
      const value = Object.hasOwn(content, name) ? content[name] : undefined;
      return value === undefined ? null : Buffer.from(value, 'base64');
    },
    put,
  };
}
