import { type RawBuilder, sql } from 'kysely';
import type { z } from 'zod';
import { SallyportError } from '../../shared/errors/result.ts';
import type { SearchHit } from '../../shared/model/review.ts';
import type { searchAnswerSchema, searchQuerySchema } from '../../shared/protocol/review-api.ts';
import type { Actor } from '../actor.ts';
import type { CoreContext } from '../context.ts';
import { classOf, decideRecordings, type Judged, unlocks } from '../recordings/rights.ts';
import { sessionsThat, startOf } from '../recordings/which.ts';
import { type BlockKey, type FoundBlock, findEverywhere, findIn, type Looking, readBlocks } from './find-blocks.ts';
import { isSearchOn } from './search-rules.ts';
import { excerpt, isNarrow, placesOf, wordsOf } from './words.ts';

export type SearchQuery = z.output<typeof searchQuerySchema>;
type SearchAnswer = z.input<typeof searchAnswerSchema>;

/** Milliseconds that looking through recordings one after the other may take. */
const budgetMs = 8000;
/** Blocks that are read in one go. */
const [blocksAtFirst, blocksLater] = [60, 200];
const recordingsAtOnce = 100;
const pendingAtMost = 10_000;

/** A recording that is searched. */
interface Searched extends Judged {
  granted_at: Date;
  started: Date;
  user_name: string;
  target_name: string;
  production: boolean;
}

/** Blocks of one segment of a recording. */
interface Piece {
  recording: Searched;
  keys: readonly BlockKey[];
}

const hasText = sql<boolean>`exists (select from recording_segments g where g.session_id = s.id and g.stream = 'text')`;
const hasPending = sql<boolean>`exists (select from recording_segments g where g.session_id = s.id and g.stream = 'text' and g.indexed_at is null)`;

/** One search: what is asked, by whom, and what of it they may open. */
class Finder {
  readonly #core: CoreContext;
  readonly #actor: Actor;
  readonly #query: SearchQuery;
  readonly #words: string[];
  readonly #now: Date;
  readonly #open = new Set<string>();
  readonly #began: number;

  constructor(core: CoreContext, actor: Actor, query: SearchQuery, words: string[]) {
    this.#core = core;
    this.#actor = actor;
    this.#query = query;
    this.#words = words;
    this.#now = core.clock.now();
    this.#began = core.clock.monotonicMs();
  }

  #sessions() {
    return sessionsThat(this.#core.reader, this.#actor, this.#query, this.#now);
  }

  /** Which recordings are searched, by what rules tell apart. Answers how many are not, and whether others' are. */
  async rights(): Promise<{ closed: number; others: boolean }> {
    const each = this.#core.inForce.namesRecordings;
    const classes = await this.#sessions()
      .where(hasText)
      .select([
        sql<string>`min(s.id)`.as('id'),
        's.user_id',
        's.target_id',
        's.login',
        sql<number>`count(*)::int`.as('count'),
      ])
      .groupBy(['s.user_id', 's.target_id', 's.login', ...(each ? (['s.id'] as const) : [])])
      .execute();
    const decided = await decideRecordings(this.#core, this.#actor, classes, (resource) => [
      { action: 'ListRecordings', resource },
      { action: 'ReadRecording', resource },
      ...unlocks(resource, ['text']),
    ]);
    let closed = 0;
    let others = false;
    for (const [index, one] of classes.entries()) {
      const [list, read, unlock] = decided[index] ?? [];
      if (read === true && unlock === true) {
        this.#open.add(classOf(this.#core, one));
        others ||= one.user_id !== this.#actor.userId;
      } else if (list === true) closed += one.count;
    }
    return { closed, others };
  }

  isOpen(recording: Judged): boolean {
    return this.#open.has(classOf(this.#core, recording));
  }

  async pending(): Promise<number> {
    const rows = await this.#sessions()
      .where(hasPending)
      .select(['s.id', 's.user_id', 's.target_id', 's.login'])
      .limit(pendingAtMost)
      .execute();
    return rows.filter((row) => this.isOpen(row)).length;
  }

  /** Newest first. */
  async *hits(): AsyncGenerator<SearchHit> {
    if (this.#open.size === 0) return;
    const looking: Looking = { words: this.#words, kind: this.#query.kind };
    // A word that the index does not narrow, or that is everywhere, is found soon in the newest recordings.
    const keys = this.#words.some(isNarrow) ? await findEverywhere(this.#core, looking) : null;
    if (keys === null) yield* this.#lines(this.#newestFirst(looking), looking);
    else yield* this.#lines(this.#sorted(keys), looking);
  }

  /** What was found everywhere, newest recording first. */
  async *#sorted(keys: readonly BlockKey[]): AsyncGenerator<Piece> {
    const of = Map.groupBy(keys, ({ session_id }) => session_id);
    for await (const recording of this.#pages(sql`s.id = any(${[...of.keys()]}::text[])`, recordingsAtOnce))
      yield* piecesOf(recording, of.get(recording.id) ?? []);
  }

  /** The blocks of the newest recordings first, as they are asked for. */
  async *#newestFirst(looking: Looking): AsyncGenerator<Piece> {
    let waiting = new Map<string, Searched>();
    let atOnce = 20;
    const look = async function* (core: CoreContext): AsyncGenerator<Piece> {
      for await (const { id, keys } of findIn(core, [...waiting.keys()], looking)) {
        const recording = waiting.get(id);
        if (recording !== undefined) yield* piecesOf(recording, keys);
      }
    };
    for await (const recording of this.#pages(hasText, recordingsAtOnce)) {
      waiting.set(recording.id, recording);
      if (waiting.size < atOnce) continue;
      yield* look(this.#core);
      this.#checkTime();
      waiting = new Map();
      atOnce = Math.min(200, atOnce * 3);
    }
    yield* look(this.#core);
  }

  /** Recordings that are searched, newest first, as they are asked for. */
  async *#pages(condition: RawBuilder<unknown>, atOnce: number): AsyncGenerator<Searched> {
    let after: Pick<Searched, 'granted_at' | 'id'> | null = null;
    for (;;) {
      const rows: Searched[] = await this.#searched(after).where(sql<boolean>`${condition}`).limit(atOnce).execute();
      for (const row of rows) if (this.isOpen(row)) yield row;
      this.#checkTime();
      const last = rows.at(-1);
      if (last === undefined || rows.length < atOnce) return;
      after = last;
    }
  }

  #searched(after: { granted_at: Date; id: string } | null = null) {
    const query = this.#sessions()
      .select([
        's.id',
        's.user_id',
        's.target_id',
        's.login',
        's.granted_at',
        startOf.as('started'),
        'p.name as user_name',
        't.name as target_name',
        't.production',
      ])
      .orderBy('s.granted_at', 'desc')
      .orderBy('s.id', 'desc');
    if (after === null) return query;
    const { granted_at, id } = after;
    return query.where((eb) => eb(eb.refTuple('s.granted_at', 's.id'), '<', eb.tuple(granted_at, id)));
  }

  #checkTime(): void {
    if (this.#core.clock.monotonicMs() - this.#began > budgetMs)
      throw new SallyportError(
        'SP-3051',
        'There is too much to look through for this. Search for at least three letters or digits in a row, or say whose recordings, where, or when.',
      );
  }

  /** The lines that have all words, in the order of the recordings, and in each in its own. */
  async *#lines(of: AsyncIterable<Piece> | Iterable<Piece>, { words }: Looking): AsyncGenerator<SearchHit> {
    for await (const pieces of inBatches(of)) {
      this.#checkTime();
      const keys = pieces.flatMap((piece) => piece.keys);
      const blocks = Map.groupBy(await readBlocks(this.#core, keys), keyText);
      for (const { recording, keys } of pieces) {
        const found = keys.flatMap((key) => (blocks.get(keyText(key)) ?? []).flatMap((block) => hitsIn(block, words)));
        found.sort((a, b) => a.atMs - b.atMs);
        for (const hit of found) yield { ...factsOf(recording), ...hit };
      }
    }
  }
}

function keyText({ session_id, seq, place }: BlockKey): string {
  return `${session_id} ${seq} ${place}`;
}

/** A recording's blocks in pieces that are in its order: the commands and the lines of one segment are in blocks of their own. */
function* piecesOf(recording: Searched, keys: readonly BlockKey[]): Generator<Piece> {
  const sorted = keys.toSorted((a, b) => a.seq - b.seq || a.place - b.place);
  for (const ofSegment of Map.groupBy(sorted, ({ seq }) => seq).values()) yield { recording, keys: ofSegment };
}

/** Few blocks first: most searches need no more. */
async function* inBatches(of: AsyncIterable<Piece> | Iterable<Piece>): AsyncGenerator<Piece[]> {
  let [batch, blocks, atLeast]: [Piece[], number, number] = [[], 0, blocksAtFirst];
  for await (const piece of of) {
    batch.push(piece);
    blocks += piece.keys.length;
    if (blocks < atLeast) continue;
    yield batch;
    [batch, blocks, atLeast] = [[], 0, blocksLater];
  }
  if (batch.length > 0) yield batch;
}

function factsOf(recording: Searched): Omit<SearchHit, 'atMs' | 'kind' | 'text' | 'marks'> {
  return {
    sessionId: recording.id,
    user: { id: recording.user_id, name: recording.user_name },
    target: { id: recording.target_id, name: recording.target_name, production: recording.production },
    login: recording.login,
    startedAt: recording.started.toISOString(),
  };
}

function hitsIn(block: FoundBlock, words: readonly string[]): Pick<SearchHit, 'atMs' | 'kind' | 'text' | 'marks'>[] {
  const lines = block.text.split('\n');
  const times = block.times.split(' ');
  return block.folded.split('\n').flatMap((folded, index) => {
    const places = placesOf(folded, words);
    if (places === null) return [];
    return [{ atMs: Number(times[index] ?? 0), kind: block.kind, ...excerpt(lines[index] ?? '', places) }];
  });
}

/**
 * Lines and commands with all words, of recordings whose text this person may open. Searching others' recordings is an audit event before anything is looked at.
 * Throws SP-3050 where search is switched off, SP-3051 where it would take too long, SP-5001 for no words.
 */
export async function find(core: CoreContext, actor: Actor, query: SearchQuery): Promise<SearchAnswer> {
  const words = wordsOf(query.text);
  if (words.length === 0) throw new SallyportError('SP-5001', 'There is no word to search for. Write at least one.');
  if (!(await isSearchOn(core.reader)))
    throw new SallyportError(
      'SP-3050',
      'Search is switched off in your organisation, so no text is kept for it. Open a recording to search in that one.',
    );
  const finder = new Finder(core, actor, query, words);
  const { closed, others } = await finder.rights();
  if (others) {
    const { limit: _limit, ...detail } = query;
    await core.audit.record({ event: 'recording.searched', actor: actor.userId, subject: null, detail });
  }
  const hits: SearchHit[] = [];
  for await (const hit of finder.hits()) {
    hits.push(hit);
    if (hits.length > query.limit) break;
  }
  const more = hits.length > query.limit;
  return { hits: hits.slice(0, query.limit), more, notSearched: { pending: await finder.pending(), closed } };
}
