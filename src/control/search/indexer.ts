import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { SallyportError } from '../../shared/errors/result.ts';
import { partFile } from '../../shared/record/parts.ts';
import type { CoreContext } from '../context.ts';
import { identityOf, type SampleParts } from '../recordings/evidence-sample.ts';
import { isSearchOn, purgeIndex } from './search-rules.ts';
import { type Block, blocksOf, openSidecar } from './sidecar.ts';

/** What could not be done now is tried again after this, and so is what another process began and did not finish. */
const againMs = 60_000;
/** A sidecar at which the process ended so often is left alone. */
const triesAtMost = 3;
/** Of one recording, about 60 MB of text. Its commands and lines from then on are not found. */
const blocksAtMost = 30_000;
/** Blocks of one statement: on the embedded database nothing else happens meanwhile. */
const atOnce = 4;
/** Rests so many times as long as a statement took, at most `restAtMostMs`: recordings come in meanwhile, and they come first. */
const restShare = 4;
const restAtMostMs = 1000;

interface Claimed {
  session_id: string;
  seq: number;
  index_tries: number;
}

export interface Indexer {
  /** There is something to index, or the rules have changed. */
  wake(): void;
  /** Resolves when nothing is left that can be indexed now. */
  idle(): Promise<void>;
  /** Resolves when what is under way has stopped; the next start goes on with it. */
  close(): Promise<void>;
}

class Stopped extends Error {}

/**
 * Opens text segments that are stored and not indexed, one at a time and in small steps, newest first, and keeps their lines for search. What is left is in the
 * database, so a start goes on where an end broke off. What an endpoint wrote can make its own text missing in the index, with the reason beside it, and nothing else.
 */
export function startIndexer(parts: SampleParts): Indexer {
  const { core, store } = parts;
  let stopping = false;
  let asked = false;
  let running: Promise<void> | null = null;

  async function claim(): Promise<Claimed | null> {
    const now = core.clock.now();
    const before = new Date(now.getTime() - againMs);
    const { rows } = await sql<Claimed>`
      update recording_segments set index_tries = index_tries + 1, index_tried_at = ${now}
      where (session_id, stream, seq) = (
        select session_id, stream, seq from recording_segments
        where stream = 'text' and indexed_at is null and (index_tried_at is null or index_tried_at < ${before})
        order by stored_at desc limit 1 for update skip locked
      ) returning session_id, seq, index_tries`.execute(core.writer);
    return rows[0] ?? null;
  }

  /** Only where it is not switched off, which another process may have done a moment ago. */
  async function insert(claimed: Claimed, blocks: Block[]): Promise<void> {
    if (blocks.length === 0) return;
    await sql`
      insert into search_blocks (session_id, seq, place, kind, folded, text, times)
      select ${claimed.session_id}, ${claimed.seq}, b.place, b.kind, b.folded, b.text, b.times
      from jsonb_to_recordset(${JSON.stringify(blocks)}::jsonb) as b (place int, kind text, folded text, text text, times text)
      where not exists (select from organisation where recording ->> 'search' = 'off')
      on conflict do nothing`.execute(core.writer);
  }

  async function settle({ session_id, seq }: Claimed, problem: string | null): Promise<void> {
    await core.writer
      .updateTable('recording_segments')
      .set({ indexed_at: core.clock.now(), index_problem: problem })
      .where('session_id', '=', session_id)
      .where('stream', '=', 'text')
      .where('seq', '=', seq)
      .execute();
  }

  /** As if it had not been begun; `at`: from when on it waits, null for the next look. */
  async function giveBack({ session_id, seq, index_tries }: Claimed, at: Date | null): Promise<void> {
    await core.writer
      .updateTable('recording_segments')
      .set({ index_tries: index_tries - 1, index_tried_at: at })
      .where('session_id', '=', session_id)
      .where('stream', '=', 'text')
      .where('seq', '=', seq)
      .execute();
  }

  async function blocksHeld(sessionId: string): Promise<number> {
    const { count } = await core.reader
      .selectFrom('search_blocks')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('session_id', '=', sessionId)
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  /** Resolves to what hindered it, in words. */
  async function index(claimed: Claimed): Promise<string | null> {
    const { session_id: sessionId, seq } = claimed;
    if (claimed.index_tries > triesAtMost) return 'the server ended each time it was opened';
    if ((await blocksHeld(sessionId)) >= blocksAtMost) return 'the recording has more text than is indexed';
    const identity = await identityOf(parts, sessionId, 'text');
    if (identity === null) return 'the server has no key for it';
    const stored = await store.get(`${sessionId}/${partFile('text', seq)}`);
    if (stored === null) return 'it is not in the store';
    const text = await openSidecar(stored, identity);
    let waiting: Block[] = [];
    for (const block of blocksOf(text, { sessionId, seq })) {
      waiting.push(block);
      if (waiting.length < atOnce) continue;
      const began = performance.now();
      await insert(claimed, waiting);
      waiting = [];
      await delay(Math.min(restAtMostMs, (performance.now() - began) * restShare));
      if (stopping) throw new Stopped();
    }
    await insert(claimed, waiting);
    return null;
  }

  async function indexOne(claimed: Claimed): Promise<void> {
    try {
      await settle(claimed, await index(claimed));
    } catch (error) {
      if (error instanceof Stopped) return giveBack(claimed, null);
      if (error instanceof SallyportError && error.code === 'SP-3030') return settle(claimed, error.message);
      core.log.warn({ err: error, session: claimed.session_id }, 'a text could not be indexed now; it is tried again');
      await giveBack(claimed, core.clock.now());
    }
  }

  async function run(): Promise<void> {
    while (!stopping) {
      if (!(await isSearchOn(core.reader))) {
        await purgeIndex(core);
        return;
      }
      const claimed = await claim();
      if (claimed === null) return;
      await indexOne(claimed);
    }
  }

  function wake(): void {
    asked = true;
    if (running !== null || stopping) return;
    running = (async () => {
      while (asked && !stopping) {
        asked = false;
        await run().catch((error: unknown) => core.log.error({ err: error }, 'the search index could not be kept'));
      }
      running = null;
    })();
  }

  const timer = setInterval(wake, againMs);
  timer.unref();
  const unsubscribe = core.bus.subscribe('applied', wake);
  return {
    wake,
    async idle() {
      while (running !== null) await running;
    },
    async close() {
      stopping = true;
      clearInterval(timer);
      unsubscribe();
      await running;
    },
  };
}

/** A process that is alone on its database knows that nobody else is at what was begun: an earlier one, which is gone. */
export async function forgetClaims(core: Pick<CoreContext, 'writer'>): Promise<void> {
  await core.writer
    .updateTable('recording_segments')
    .set({ index_tried_at: null })
    .where('stream', '=', 'text')
    .where('indexed_at', 'is', null)
    .where('index_tried_at', 'is not', null)
    .execute();
}
