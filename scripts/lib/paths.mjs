// Where things are. Plain Node >= 20, no dependencies: this runs before anything is installed.
import { homedir, platform } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout's folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '');

/** @param {...string} parts path below the checkout */
export function inRoot(...parts) {
  return path.join(root, ...parts);
}

/** @returns {boolean} whether this is the superuser of a Unix system */
export function isRoot() {
  return process.getuid?.() === 0;
}

/**
 * The folder for what outlives the checkout (Electron). Root's home is closed to others, and as root the app itself runs as
 * an ordinary user, so root's cache lies where every user can read it.
 */
export function cacheFolder() {
  if (process.env.XDG_CACHE_HOME) return path.join(process.env.XDG_CACHE_HOME, 'sallyport');
  if (platform() === 'win32') {
    return path.join(process.env.LOCALAPPDATA ?? path.join(homedir(), 'AppData', 'Local'), 'Sallyport', 'Cache');
  }
  if (platform() === 'darwin') return path.join(homedir(), 'Library', 'Caches', 'sallyport');
  return isRoot() ? '/var/cache/sallyport' : path.join(homedir(), '.cache', 'sallyport');
}
