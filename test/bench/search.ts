// `node test/bench/search.ts [--database postgres|memory] [--recordings 1000] [--lines 100]`: how long searches and lists take over so many recordings, each with so many
// lines of text. Asks the services of a real server, without the network. Asserts nothing.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { sql } from 'kysely';
import type { Actor } from '../../src/control/actor.ts';
import { blocksOf } from '../../src/control/search/sidecar.ts';
import { startServer } from '../../src/control/server.ts';
import { shippedPolicies } from '../../src/lab/seed/policies.ts';
import { recordingsQuerySchema, type SearchQuery, searchQuerySchema } from '../../src/shared/protocol/review-api.ts';
import { formatTextEntry, formatTextHeader } from '../../src/shared/record/text-lines.ts';
import { administer, startCluster } from '../harness/postgres.ts';

const { values } = parseArgs({
  options: {
    database: { type: 'string', default: 'memory' },
    recordings: { type: 'string', default: '1000' },
    lines: { type: 'string', default: '100' },
  },
});
const count = Number(values.recordings);
const lines = Number(values.lines);
const [peopleCount, targetCount] = [40, 400];

let seed = 7;
function random(below: number): number {
  seed = (seed * 1103515245 + 12345) & 0x7fffffff;
  return (seed >> 8) % below;
}
const syllables = ['ka', 'lo', 'mi', 'ter', 'sen', 'vor', 'da', 'ni', 'pul', 'rex', 'on', 'qui', 'sta', 'bel'];
const vocabulary = Array.from({ length: 4000 }, () =>
  Array.from({ length: 2 + random(3) }, () => syllables[random(syllables.length)]).join(''),
);

function line(): string {
  if (random(3000) === 0) return 'deploy@web:~$ sudo systemctl restart nginx';
  const level = random(50) === 0 ? 'error' : 'info';
  const words = Array.from({ length: 5 }, () => vocabulary[random(vocabulary.length)]).join(' ');
  return `2026-11-${10 + random(18)} 07:${10 + random(50)} ${level} ${random(0x7fffffff).toString(16)} ${words}`;
}

const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-bench-search-'));
const cluster = values.database === 'postgres' ? await startCluster() : null;
if (cluster !== null) {
  await administer(cluster, 'create database bench');
  process.env.PGPASSFILE = cluster.passwordFile;
}
const server = await startServer({
  data: path.join(folder, 'data'),
  listen: '127.0.0.1:0',
  database: cluster?.url('bench') ?? 'memory',
  logLevel: 'silent',
  limits: {},
});
const { writer, inForce, services, clock } = server.context;

async function fill(): Promise<void> {
  const now = clock.now();
  const recording = JSON.stringify({});
  await sql`insert into organisation (id, name, break_glass_recipient, device_key, relay_exceptions, sealed_passwords, recording, version)
    values (1, 'Bench', 'age1', 'file', '[]', 'denied', ${recording}::jsonb, 1)`.execute(writer);
  inForce.set(
    inForce.version + 1,
    shippedPolicies().map(({ id, cedar }) => ({ id, cedar })),
  );
  await sql`insert into people (id, name, roles, groups, created_at)
    select 'p' || n, 'Person ' || n, '["operator"]', '[]', ${now} from generate_series(0, ${peopleCount - 1}::int) n`.execute(
    writer,
  );
  await sql`insert into devices (id, user_id, name, thumbprint, public_key, enrolled_at)
    select 'd' || n, 'p' || n, 'laptop', 't' || n, '', ${now} from generate_series(0, ${peopleCount - 1}::int) n`.execute(
    writer,
  );
  await sql`insert into targets (id, name, description, host, port, route, labels, production, owner, needs, logins, host_keys, limits, recording, created_at)
    select 't' || n, 'target-' || n, '', 'h', 22, 'relay', '{"team":"web"}', false, null, '[]', '[]', '[]', '{}', '{}', ${now}
    from generate_series(0, ${targetCount - 1}::int) n`.execute(writer);
  let text = 0;
  let indexing = 0;
  for (let n = 0; n < count; n += 1) {
    const id = randomUUID();
    const person = random(peopleCount);
    const target = `t${random(targetCount)}`;
    const granted = new Date(now.getTime() - n * 600_000);
    const grant = {
      version: 1,
      sessionId: id,
      serverNonce: 'n',
      issuedAt: '',
      organisation: 'o',
      user: { id: `p${person}`, name: `Person ${person}` },
      device: { id: `d${person}`, name: 'laptop' },
      target: { id: target, name: target, host: 'h', port: 22, production: false },
      login: 'deploy',
      reason: null,
      ticket: null,
      route: 'relay',
      hostKeys: ['k'],
      evidence: { anchors: true, wire: true },
      sessionKey: 'k',
      credential: { kind: 'certificate', algorithm: 'ssh-ed25519', certificate: 'AAAA' },
      recordMode: 'strict',
      command: null,
      recipients: { output: ['a'], input: ['b'], text: ['c'] },
      limits: { maxSeconds: 3600, idleSeconds: 600 },
    };
    await sql`insert into sessions (id, user_id, device_id, target_id, login, route, session_key, session_key_certificate, certificate, grant_payload, grant_signature, granted_at, ended_at, ended_by, incomplete_alerted_at)
      values (${id}, ${`p${person}`}, ${`d${person}`}, ${target}, 'deploy', 'relay', ${id}, '', '', ${JSON.stringify(grant)}, '', ${granted}, ${granted}, 'launcher', ${now})`.execute(
      writer,
    );
    await sql`insert into recording_segments (session_id, stream, seq, sha256, bytes, stored_at, indexed_at) values (${id}, 'text', 0, '', 1, ${now}, ${now})`.execute(
      writer,
    );
    const entries = Array.from({ length: lines }, (_, at) => formatTextEntry({ t: at * 1000, line: line() }));
    if (random(20) === 0) entries.push(formatTextEntry({ t: 5, command: 'sudo systemctl restart nginx' }));
    const sidecar = `${formatTextHeader({ session: id, segment: 0 })}${entries.join('')}`;
    text += sidecar.length;
    const before = performance.now();
    const blocks = [...blocksOf(sidecar, { sessionId: id, seq: 0 })];
    for (let from = 0; from < blocks.length; from += 4) {
      await sql`insert into search_blocks (session_id, seq, place, kind, folded, text, times)
        select ${id}, 0, b.place, b.kind, b.folded, b.text, b.times
        from jsonb_to_recordset(${JSON.stringify(blocks.slice(from, from + 4))}::jsonb) as b (place int, kind text, folded text, text text, times text)`.execute(
        writer,
      );
    }
    indexing += performance.now() - before;
  }
  if (cluster !== null) await sql`vacuum analyze`.execute(writer);
  else await sql`analyze`.execute(writer);
  const { rows } = await sql<{ blocks: number; table: number; index: number }>`
    select count(*)::int as blocks, pg_table_size('search_blocks')::bigint as table, pg_indexes_size('search_blocks')::bigint as index from search_blocks`.execute(
    writer,
  );
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
  const [size] = rows;
  process.stdout.write(
    `${values.database}: ${count} recordings, ${count * lines} lines, ${mb(text)} of text; ${size?.blocks} blocks, table ${mb(size?.table ?? 0)}, indexes ${mb(size?.index ?? 0)}; indexed at ${((text / 1e6 / indexing) * 1000).toFixed(2)} MB/s\n`,
  );
}

async function measure(name: string, ask: () => Promise<string>): Promise<void> {
  const began = performance.now();
  let said = await ask();
  const first = performance.now() - began;
  const times: number[] = [];
  for (let n = 0; n < 40; n += 1) {
    const from = performance.now();
    said = await ask();
    times.push(performance.now() - from);
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => (times[Math.floor(share * times.length)] ?? 0).toFixed(1);
  process.stdout.write(`${name}: first ${first.toFixed(1)} ms, p50 ${at(0.5)} ms, p95 ${at(0.95)} ms (${said})\n`);
}

const analyst: Actor = { userId: 'a', name: 'Analyst', roles: ['analyst'], groups: [], device: null, via: 'socket' };
const operator: Actor = {
  userId: 'p3',
  name: 'Person 3',
  roles: ['operator'],
  groups: [],
  device: null,
  via: 'socket',
};
const searching = (actor: Actor, query: SearchQuery) => async () => {
  const { hits, more } = await services.search.find(actor, searchQuerySchema.parse(query));
  return `${hits.length}${more ? '+' : ''} hits`;
};
const listing = (actor: Actor, query: object) => async () =>
  `${(await services.recordings.list(actor, recordingsQuerySchema.parse(query))).recordings.length} recordings`;

try {
  await fill();
  await measure('a phrase among commands', searching(analyst, { text: '"systemctl restart"', kind: 'command' }));
  await measure('a rare word', searching(analyst, { text: 'systemctl nginx' }));
  await measure('a word of the vocabulary', searching(analyst, { text: vocabulary[17] ?? '' }));
  await measure('a word that is in every recording', searching(analyst, { text: 'error' }));
  await measure('two words that are rarely together', searching(analyst, { text: `error ${vocabulary[18]}` }));
  await measure('a word that is nowhere', searching(analyst, { text: 'xylophone' }));
  await measure('too short for the index', searching(analyst, { text: 'zz' })).catch((error: Error) =>
    process.stdout.write(`too short: ${error.message}\n`),
  );
  await measure('an operator, their own', searching(operator, { text: 'error', mine: 'yes' }));
  await measure('an operator, whatever they may', searching(operator, { text: 'systemctl' }));
  await measure(
    'one person, last week',
    searching(analyst, { text: 'error', user: 'person 3', from: new Date(Date.now() - 7 * 86_400_000).toISOString() }),
  );
  await measure('first page of the list', listing(analyst, { limit: 200 }));
  await measure('a filtered page', listing(analyst, { limit: 200, user: 'person 3', state: 'incomplete' }));
  await measure('the list of an operator', listing(operator, { limit: 200 }));
} finally {
  await server.close();
  await cluster?.remove();
  rmSync(folder, { recursive: true, force: true });
}
