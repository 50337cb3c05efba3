// The PostgreSQL that the tests run as a server of their own. Plain Node >= 20.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const packaged = '/usr/lib/postgresql';
export const oldestPostgres = 15;

/** @returns {string | null} the folder with the programs of the newest PostgreSQL of Debian's packages here; null when there is none to test with */
export function findPostgres() {
  if (!existsSync(packaged)) return null;
  const versions = readdirSync(packaged)
    .filter((name) => Number(name) >= oldestPostgres && existsSync(path.join(packaged, name, 'bin', 'initdb')))
    .sort((a, b) => Number(b) - Number(a));
  return versions[0] === undefined ? null : path.join(packaged, versions[0], 'bin');
}

/**
 * Keeps Debian's package from making a cluster of its own, which would start with the next boot. Has to be there before the package is; what
 * exists already is left alone.
 */
export function wantNoCluster() {
  const folder = '/etc/postgresql-common/createcluster.d';
  const file = path.join(folder, 'sallyport.conf');
  if (existsSync(file)) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    file,
    "# Set by Sallyport's set-up: its tests run clusters of their own.\ncreate_main_cluster = false\n",
  );
}
