import { type QueryResult, type RawBuilder, sql } from 'kysely';
import type { SearchHit } from '../../shared/model/review.ts';
import type { CoreContext } from '../context.ts';
import { likePattern } from '../store/like.ts';

export interface BlockKey {
  session_id: string;
  seq: number;
  place: number;
}

/** What is looked for: folded words, and where. */
export interface Looking {
  words: readonly string[];
  kind: SearchHit['kind'] | undefined;
}

/** What is in more blocks than this is looked for in recordings, one after the other, newest first. */
const blocksAtMost = 3000;
const keysAtOnce = 2000;

const kinds: readonly SearchHit['kind'][] = ['command', 'output'];

function hasWords({ words }: Looking) {
  return sql.join(
    words.map((word) => sql<boolean>`folded like ${likePattern(word)}`),
    sql` and `,
  );
}

/** Every block that has all words, by the index of trigrams; null when there are too many. */
export async function findEverywhere(core: CoreContext, looking: Looking): Promise<BlockKey[] | null> {
  return core.writer.transaction().execute(async (trx) => {
    // How rare a word is the planner cannot know, and guesses wrong in the direction that reads the whole table.
    await sql`select set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'off', true),
      set_config('enable_indexonlyscan', 'off', true)`.execute(trx);
    const found: BlockKey[] = [];
    for (const kind of looking.kind === undefined ? kinds : [looking.kind]) {
      // The kind in words: the indexes are of one each.
      const { rows } = await sql<BlockKey>`
        select session_id, seq, place from search_blocks
        where kind = ${sql.lit(kind)} and ${hasWords(looking)} limit ${blocksAtMost + 1}`.execute(trx);
      if (rows.length > blocksAtMost) return null;
      found.push(...rows);
    }
    return found;
  });
}

/** The blocks that have all words, recording by recording, in the order of `ids`; only what is asked for is looked up. */
export async function* findIn(
  core: CoreContext,
  ids: readonly string[],
  looking: Looking,
): AsyncGenerator<{ id: string; keys: BlockKey[] }> {
  if (ids.length === 0) return;
  const { kind } = looking;
  const order = sql`array_position(${[...ids]}::text[], session_id)`;
  let last: BlockKey | null = null;
  for (;;) {
    const after: RawBuilder<unknown> =
      last === null
        ? sql`true`
        : sql`(${order}, seq, place) > (${ids.indexOf(last.session_id) + 1}::int, ${last.seq}::int, ${last.place}::int)`;
    const { rows }: QueryResult<BlockKey> = await sql<BlockKey>`
      select session_id, seq, place from search_blocks
      where session_id = any(${[...ids]}::text[]) and ${kind === undefined ? sql`true` : sql`kind = ${kind}`}
        and ${hasWords(looking)} and ${after}
      order by ${order}, seq, place limit ${keysAtOnce}`.execute(core.writer);
    for (const [id, keys] of Map.groupBy(rows, ({ session_id }) => session_id)) yield { id, keys };
    last = rows.at(-1) ?? null;
    if (rows.length < keysAtOnce || last === null) return;
  }
}

export interface FoundBlock extends BlockKey {
  kind: SearchHit['kind'];
  folded: string;
  text: string;
  times: string;
}

export async function readBlocks(core: CoreContext, keys: readonly BlockKey[]): Promise<FoundBlock[]> {
  const { rows } = await sql<FoundBlock>`
    select b.session_id, b.seq, b.place, b.kind, b.folded, b.text, b.times
    from jsonb_to_recordset(${JSON.stringify(keys)}::jsonb) as k (session_id text, seq int, place int)
    join search_blocks b on b.session_id = k.session_id and b.seq = k.seq and b.place = k.place`.execute(core.writer);
  return rows;
}
