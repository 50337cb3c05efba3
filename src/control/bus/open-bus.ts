import { Kysely, PostgresDialect } from 'kysely';
import type { Logger } from 'pino';
import type { DatabasePlace } from '../config/config.ts';
import type { Database, Writer } from '../store/database.ts';
import { openPool, postgresSettings, storeError } from '../store/postgres.ts';
import { type Bus, makeLocalBus } from './bus.ts';
import { openPostgresBus } from './postgres-bus.ts';

/** For leases and the look at what other processes did: a flood of requests holds the other connections, not these. */
const connections = 2;

/** What joins this control process to the others on its database; alone where the database is embedded. Throws SP-5010. */
export async function openBus(
  place: DatabasePlace,
  log: Logger,
): Promise<{ bus: Bus; shared: { db: Writer } | null; close(): Promise<void> }> {
  if (place.kind !== 'postgres') {
    const bus = makeLocalBus();
    return { bus, shared: null, close: bus.close };
  }
  const bus = await openPostgresBus({ settings: postgresSettings(place), log }).catch((error: unknown) => {
    throw storeError(error);
  });
  const onLost = (err: Error) => log.warn({ err }, 'a connection to the database broke');
  const db = new Kysely<Database>({
    dialect: new PostgresDialect({ pool: openPool(place, { connections, bounded: true, onLost }) }),
  });
  return {
    bus,
    shared: { db },
    async close() {
      await bus.close();
      await db.destroy();
    },
  };
}
