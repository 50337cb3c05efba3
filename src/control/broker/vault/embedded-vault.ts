import { constants } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { SallyportError } from '../../../shared/errors/result.ts';
import { checkSecretName, checkSecretPrefix, type Vault } from '../../vault.ts';
import { findMasterKey } from './master-key.ts';
import { deriveKey, openBox, sealBox } from './sealing.ts';

/**
 * One encrypted file, `vault` in the data folder: the text line below, then an AES-256-GCM box (sealing.ts) of a JSON object `name -> base64` whose
 * values are boxes themselves, bound to their names. So a secret is in clear in memory only while it is asked for. The file is written whole,
 * beside itself, synced and renamed: a crash leaves the old or the new one. In version 0, which is still read, the values were in clear inside the outer box.
 */
const magic = 'sallyport vault, version 1\n';
const magicBefore = 'sallyport vault, version 0\n';
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

function damaged(file: string): SallyportError {
  // The reason is not passed on: a parser's message could quote what it read.
  return new SallyportError(
    'SP-5006',
    'The vault does not open with this master key, or it is damaged. Restore the vault and its key from the same backup.',
    { facts: { file } },
  );
}

/** Throws when the bytes are not a vault of that version under that key. */
function openContent(key: Buffer, version: string, bytes: Buffer): Content {
  const head = Buffer.from(version, 'utf8');
  if (!bytes.subarray(0, head.length).equals(head)) throw new Error('another version');
  return contentSchema.parse(JSON.parse(openBox(key, version, bytes.subarray(head.length)).toString('utf8')));
}

function decode(file: string, keys: Keys, bytes: Buffer): Content {
  try {
    if (!bytes.subarray(0, magicBefore.length).equals(Buffer.from(magicBefore)))
      return openContent(keys.file, magic, bytes);
    const clear = Object.entries(openContent(keys.file, magicBefore, bytes));
    return Object.fromEntries(
      clear.map(([name, value]) => [name, sealEntry(keys, name, Buffer.from(value, 'base64'))] as const),
    );
  } catch {
    throw damaged(file);
  }
}

interface Keys {
  file: Buffer;
  entry: Buffer;
}

function sealEntry(keys: Keys, name: string, secret: Uint8Array): string {
  return sealBox(keys.entry, name, secret).toString('base64');
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

/**
 * Opens or makes the vault of a data folder; one process at a time, which the folder's lock sees to. Throws SP-5006 (see master-key.ts for what is
 * refused).
 */
export async function openEmbeddedVault(options: {
  dataFolder: string;
  environment?: NodeJS.ProcessEnv;
}): Promise<Vault> {
  const file = path.join(options.dataFolder, 'vault');
  const stored = await readVaultFile(file);
  const master = await findMasterKey({ ...options, mayMake: stored === null });
  const keys: Keys = { file: deriveKey(master, 'file'), entry: deriveKey(master, 'entry') };
  master.fill(0);
  let content: Content = stored === null ? {} : decode(file, keys, stored);
  let turn: Promise<unknown> = Promise.resolve();

  /** One change after the other; it counts once it is on disk. `change` answers null where there is nothing to do. */
  function write<T>(change: () => { next: Content | null; answer: T }): Promise<T> {
    const work = turn.then(async () => {
      const { next, answer } = change();
      if (next === null) return answer;
      const box = sealBox(keys.file, magic, Buffer.from(JSON.stringify(next)));
      await writeAtomically(file, Buffer.concat([Buffer.from(magic), box]));
      content = next;
      return answer;
    });
    turn = work.catch(() => undefined);
    return work;
  }

  function read(name: string): Buffer | null {
    const box = Object.hasOwn(content, name) ? content[name] : undefined;
    if (box === undefined) return null;
    try {
      return openBox(keys.entry, name, Buffer.from(box, 'base64'));
    } catch {
      throw damaged(file);
    }
  }

  return {
    kind: 'embedded',
    async get(name) {
      checkSecretName(name);
      return read(name);
    },
    async has(name) {
      checkSecretName(name);
      return Object.hasOwn(content, name);
    },
    async put(name, secret) {
      checkSecretName(name);
      const box = sealEntry(keys, name, secret);
      return write(() => ({ next: { ...content, [name]: box }, answer: undefined }));
    },
    async add(name, secret) {
      checkSecretName(name);
      const box = sealEntry(keys, name, secret);
      return write(() => {
        const there = read(name);
        return there === null
          ? { next: { ...content, [name]: box }, answer: openBox(keys.entry, name, Buffer.from(box, 'base64')) }
          : { next: null, answer: there };
      });
    },
    async remove(name) {
      checkSecretName(name);
      return write(() => {
        if (!Object.hasOwn(content, name)) return { next: null, answer: false };
        const { [name]: _removed, ...next } = content;
        return { next, answer: true };
      });
    },
    async list(prefix) {
      checkSecretPrefix(prefix);
      return Object.keys(content)
        .filter((name) => name.startsWith(prefix))
        .sort();
    },
  };
}
