import { closeSync, fsyncSync, openSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';

/** Makes the folder's entries durable: a file that was created or renamed is found again after a power cut. Does nothing on Windows, which has no such call. */
export function syncFolderSync(folder: string): void {
  if (process.platform === 'win32') return;
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** As `syncFolderSync`, beside the event loop. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes `name` in the folder and syncs its bytes. Replaces what a crash may have left under that name. */
export async function writeDurable(folder: string, name: string, data: Uint8Array | string): Promise<void> {
  const handle = await open(join(folder, name), 'w', 0o600);
  try {
    await handle.writeFile(data);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes a file so that under its name there is either nothing or all of it. The folder still has to be synced. */
export async function writeWhole(folder: string, name: string, data: Uint8Array | string): Promise<void> {
  await writeDurable(folder, `${name}.tmp`, data);
  await rename(join(folder, `${name}.tmp`), join(folder, name));
}
