import { inject } from 'vitest';
import { administer } from '../../harness/postgres.ts';
import type { TestDatabase } from '../../harness/test-database.ts';
import { type Device, startBeside, startWorld, type World } from '../live-world/world.ts';

/** Two control servers on one PostgreSQL, with data folders of their own and one vault. Apply on either. */
export interface Pair {
  a: World;
  b: World;
  /** The same device, whose requests go to the two servers in turn: what a balancer does. */
  balanced(device: Device): Device;
  /** A statement as the database's owner. */
  sql(statement: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** `store`: of a cluster of the test's own. */
export async function startPair(store?: TestDatabase): Promise<Pair> {
  const a = await startWorld(store === undefined ? {} : { store });
  const b = await startBeside(a);
  return {
    a,
    b,
    balanced(device) {
      const clients = [a.moved(device).client, b.moved(device).client] as const;
      let turn = 0;
      return {
        ...device,
        client: {
          ...device.client,
          call(name, input) {
            turn += 1;
            return clients[turn % 2 === 0 ? 0 : 1].call(name, input);
          },
        },
      };
    },
    sql: (statement) => administer(inject('postgres'), statement, new URL(a.database).pathname.slice(1)),
    async close() {
      await b.close();
      await a.close();
    },
  };
}
