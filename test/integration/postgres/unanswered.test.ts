import { expect, inject, it } from 'vitest';
import { openPool } from '../../../src/control/store/postgres.ts';

it('a connection that did not answer in time is not used again: what comes next does not wait behind it', async () => {
  const cluster = inject('postgres');
  process.env.PGPASSFILE = cluster.passwordFile;
  const place = { kind: 'postgres', url: `postgres://sallyport@127.0.0.1:${cluster.port}/postgres` } as const;
  const pool = openPool(place, { connections: 1, bounded: true, onLost: () => undefined });
  // As a database that is gone without a word; `query_timeout` is what bounds that, 35 s otherwise.
  const client = await pool.connect();
  const unanswered = client.query({ text: 'select pg_sleep(6)', query_timeout: 200 } as { text: string });
  await expect(unanswered).rejects.toMatchObject({ code: 'SP-5010' });
  client.release();
  const asked = performance.now();
  const next = await pool.connect();
  const answer = await next.query('select 1 as one').catch((error: unknown) => error);
  next.release();
  await pool.end();
  expect(answer).toMatchObject({ rows: [{ one: 1 }] });
  expect(performance.now() - asked).toBeLessThan(3000);
});
