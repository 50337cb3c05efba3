import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { type FileHandle, link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { SallyportError } from '../../shared/errors/result.ts';
import type { ObjectStore } from './object-store.ts';

const keyPattern = /^[0-9a-f-]{36}\/[a-z0-9][a-z0-9.-]{0,80}$/;

function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}

function unavailable(what: string, error: unknown): SallyportError {
  const code = errnoOf(error);
  const why = code === 'ENOSPC' || code === 'EDQUOT' ? 'its disk is full' : `its file system answered ${code}`;
  return new SallyportError(
    'SP-5010',
    `The recording store could not ${what}: ${why}. Nothing was acknowledged, and the launcher keeps its copy and tries again. Whoever keeps the server has to make room or repair the disk.`,
    { cause: error },
  );
}

function tooLarge(): SallyportError {
  return new SallyportError('SP-5005', 'The body is larger than this method takes. Nothing was stored.');
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes a new file, synced. What `write` throws leaves no file behind. */
async function writeTemporary(folder: string, write: (handle: FileHandle) => Promise<void>): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = path.join(folder, randomBytes(8).toString('hex'));
  const handle = await open(temporary, 'wx', 0o600);
  try {
    try {
      await write(handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return temporary;
}

/** The source's own failure, told apart from the disk's. */
class SourceFailed extends Error {}

async function* marked(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* source;
  } catch (cause) {
    throw new SourceFailed('the source failed', { cause });
  }
}

/** What another process has not written to for so long was left by a crash: a body that falls silent is given up within minutes. Milliseconds. */
const abandonedMs = 24 * 3_600_000;

/** The folder for what is still coming in. Alone, everything there is left from before; otherwise what nobody has written to for a day. */
function openIncoming(root: string, shared: boolean): string {
  const incoming = path.join(root, '.incoming');
  if (!shared) {
    rmSync(incoming, { recursive: true, force: true });
    return incoming;
  }
  try {
    mkdirSync(incoming, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(incoming)) {
      const file = path.join(incoming, name);
      const facts = statSync(file, { throwIfNoEntry: false });
      if (facts !== undefined && Date.now() - facts.mtimeMs > abandonedMs) rmSync(file, { force: true });
    }
  } catch (error) {
    throw unavailable('open its folder', error);
  }
  return incoming;
}

/**
 * Objects as files under one folder. A file appears whole or not at all: written in `.incoming` under a random name, synced, then linked (which, unlike
 * a rename, does not replace) and the folder synced. What a crash left in `.incoming` is removed when a store is made. `shared`: other processes
 * store in the same folder; it must be a file system with atomic links (local, NFS). Throws SP-5010 when a shared folder cannot be used.
 */
export function makeFolderStore(root: string, shared = false): ObjectStore {
  const incoming = openIncoming(root, shared);

  function fileOf(key: string): string {
    if (!keyPattern.test(key)) throw new SallyportError('SP-5001', 'This is not the key of a stored object.');
    return path.join(root, key);
  }

  async function folderOf(file: string): Promise<string> {
    const folder = path.dirname(file);
    const made = await mkdir(folder, { recursive: true, mode: 0o700 });
    if (made !== undefined) await syncFolder(path.dirname(folder));
    return folder;
  }

  async function keep(temporary: string, key: string): Promise<boolean> {
    const file = fileOf(key);
    try {
      const folder = await folderOf(file);
      const linked = await link(temporary, file).then(
        () => true,
        (error: unknown) => {
          if (errnoOf(error) === 'EEXIST') return false;
          throw error;
        },
      );
      // Also when it was there: whoever linked it may not have come to this, and the caller is about to rely on it.
      await syncFolder(folder);
      return linked;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  return {
    async putIfAbsent(key, bytes) {
      fileOf(key);
      try {
        return await keep(await writeTemporary(incoming, (handle) => handle.writeFile(bytes)), key);
      } catch (error) {
        throw unavailable('store a segment', error);
      }
    },
    async receive(source, maxBytes) {
      const hash = createHash('sha256');
      let bytes = 0;
      try {
        const temporary = await writeTemporary(incoming, async (handle) => {
          for await (const chunk of marked(source)) {
            bytes += chunk.length;
            if (bytes > maxBytes) throw tooLarge();
            hash.update(chunk);
            await handle.writeFile(chunk);
          }
        });
        return {
          sha256: hash.digest('hex'),
          bytes,
          keepAs: (key) =>
            keep(temporary, key).catch((error: unknown) => {
              throw error instanceof SallyportError ? error : unavailable('store a file', error);
            }),
          discard: () => rm(temporary, { force: true }),
        };
      } catch (error) {
        if (error instanceof SourceFailed) throw error.cause;
        throw error instanceof SallyportError ? error : unavailable('store a file', error);
      }
    },
    async replace(key, bytes) {
      const file = fileOf(key);
      try {
        const folder = await folderOf(file);
        const temporary = await writeTemporary(incoming, (handle) => handle.writeFile(bytes));
        await rename(temporary, file).catch(async (error: unknown) => {
          await rm(temporary, { force: true });
          throw error;
        });
        await syncFolder(folder);
      } catch (error) {
        throw unavailable('store a file', error);
      }
    },
    async get(key) {
      const file = fileOf(key);
      try {
        return await readFile(file);
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') return null;
        throw unavailable('read a file', error);
      }
    },
    async open(key) {
      const file = fileOf(key);
      try {
        const handle = await open(file, 'r');
        const { size } = await handle.stat();
        return { bytes: size, stream: handle.createReadStream() };
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') return null;
        throw unavailable('read a file', error);
      }
    },
    async remove(key) {
      const file = fileOf(key);
      try {
        await rm(file, { force: true });
        await syncFolder(path.dirname(file)).catch((error: unknown) => {
          if (errnoOf(error) !== 'ENOENT') throw error;
        });
      } catch (error) {
        throw unavailable('delete a file', error);
      }
    },
    async list(prefix) {
      const folder = path.join(root, prefix.replace(/\/$/, ''));
      const names = await readdir(folder).catch((error: unknown) => {
        if (errnoOf(error) === 'ENOENT') return [];
        throw unavailable('list files', error);
      });
      const visible = names.filter((name) => !name.startsWith('.')).sort();
      return Promise.all(
        visible.map(async (name) => ({
          key: `${prefix.replace(/\/$/, '')}/${name}`,
          bytes: (await stat(path.join(folder, name))).size,
        })),
      );
    },
  };
}
