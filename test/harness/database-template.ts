import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';

const folder = 'node_modules/.cache/sallyport-test';
const { version } = JSON.parse(readFileSync('node_modules/@electric-sql/pglite/package.json', 'utf8')) as {
  version: string;
};
const file = `${folder}/pglite-${version}.tar`;

/**
 * An empty database folder for `startServer`'s `databaseTemplate`: made once per checkout and version, it starts a database in a fraction of the time.
 */
export async function databaseTemplate(): Promise<Blob> {
  try {
    return new Blob([readFileSync(file)]);
  } catch {
    const database = await PGlite.create({ dataDir: 'memory://' });
    const dump = await database.dumpDataDir('none');
    await database.close();
    mkdirSync(folder, { recursive: true });
    // Another test process may make the same: the last rename wins, and either is whole.
    const own = `${file}.${process.pid}`;
    writeFileSync(own, Buffer.from(await dump.arrayBuffer()));
    renameSync(own, file);
    return dump;
  }
}
