import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { SallyportError } from '../../shared/errors/result.ts';
import type { ObjectStore } from './object-store.ts';

const keyPattern = /^[0-9a-f-]{36}\/[a-z0-9][a-z0-9.-]{0,80}$/;

function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}

function unavailable(what: string, error: unknown): SallyportError {
  return new SallyportError(
    'SP-5010',
    `The recording store could not ${what} (${errnoOf(error)}). Nothing was acknowledged. Check the server's disk; the launcher keeps its copy and tries again.`,
    { cause: error },
  );
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeTemporary(folder: string, bytes: Uint8Array): Promise<string> {
  const temporary = path.join(folder, `.new-${randomBytes(8).toString('hex')}`);
  const handle = await open(temporary, 'wx', 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return temporary;
}

/**
 * Objects as files under one folder. A file appears whole or not at all: written beside, synced, then linked (which, unlike a rename, does not
 * replace) and the folder synced. What a crash leaves behind begins with a dot and is not listed.
 */
export function makeFolderStore(root: string): ObjectStore {
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

  return {
    async putIfAbsent(key, bytes) {
      const file = fileOf(key);
      try {
        const folder = await folderOf(file);
        const temporary = await writeTemporary(folder, bytes);
        try {
          await link(temporary, file);
        } catch (error) {
          if (errnoOf(error) === 'EEXIST') return false;
          throw error;
        } finally {
          await rm(temporary, { force: true });
        }
        await syncFolder(folder);
        return true;
      } catch (error) {
        throw unavailable('store a segment', error);
      }
    },
    async replace(key, bytes) {
      const file = fileOf(key);
      try {
        const folder = await folderOf(file);
        await rename(await writeTemporary(folder, bytes), file);
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
