import { setImmediate } from 'node:timers/promises';
import { type Problem, SallyportError, toProblem } from '../../shared/errors/result.ts';
import type { ReplayToScreen, ScreenToReplay } from '../../shared/protocol/replay.ts';
import { folded, type Hit, searchBlock } from './search-block.ts';
import type { TranscriptStore } from './transcript-store.ts';

/** Hits that are given; more are counted. */
export const hitsAtMost = 1000;
/** How often a search that goes on says what it has. */
const everyMs = 300;

type Lines = Extract<ScreenToReplay, { type: 'lines' }>;
type Find = Extract<ScreenToReplay, { type: 'find' }>;
type Found = Extract<ReplayToScreen, { type: 'found' }>;

/** A search as far as it came: whoever asks for the same words again goes on there. */
interface Search {
  wanted: string;
  /** The next block. */
  at: number;
  total: number;
  hits: Hit[];
  problem: Problem | null;
}

/**
 * Answers `lines` and `find`. A search goes block by block and lets everything else pass between them. It covers the text that was gathered by then; whoever asks again is answered at the
 * cost of what came since.
 */
export class TranscriptReader {
  private readonly store: TranscriptStore;
  private readonly post: (message: ReplayToScreen) => void;
  private last: Search | null = null;
  private asked = 0;

  constructor(store: TranscriptStore, post: (message: ReplayToScreen) => void) {
    this.store = store;
    this.post = post;
  }

  /** Resolves when it was answered. Never rejects: a line that cannot be read now says so. */
  async lines({ id, from, count }: Lines): Promise<void> {
    const unread = (error: unknown) =>
      error instanceof SallyportError ? `could not be read just now: ${error.message}` : 'could not be read just now';
    const lines = await this.store.read(from, count, unread);
    this.post({ type: 'lines', id, from, total: this.store.lines, lines });
  }

  /** Resolves when it was answered. Never rejects. */
  async find({ id, text }: Find): Promise<void> {
    this.asked += 1;
    const mine = this.asked;
    const search = this.begin(folded(text));
    let saidAt = performance.now();
    const say = (part: Pick<Found, 'finished' | 'more'>) => {
      saidAt = performance.now();
      const { total, hits, problem } = search;
      this.post({ type: 'found', id, total, hits: [...hits], ...(problem === null ? {} : { problem }), ...part });
    };
    while (search.at < this.store.blocks) {
      await this.step(search);
      await setImmediate();
      if (this.asked !== mine) break;
      if (performance.now() - saidAt > everyMs) say({ finished: false, more: true });
    }
    say({ finished: this.asked === mine && this.store.isComplete });
  }

  private begin(wanted: string): Search {
    const { last } = this;
    // What could not be read may be by now.
    if (last?.wanted === wanted && last.problem === null) return last;
    this.last = { wanted, at: 0, total: 0, hits: [], problem: null };
    return this.last;
  }

  private async step(search: Search): Promise<void> {
    const index = search.at;
    try {
      const { first, block } = await this.store.block(index);
      // The same words may have been asked for twice at once: whoever is first takes the block.
      if (search.at !== index) return;
      search.total += searchBlock(block, search.wanted, first, {
        wants: () => search.hits.length < hitsAtMost,
        take: (hit) => search.hits.push(hit),
      });
    } catch (error) {
      search.problem ??= toProblem(error);
    }
    search.at = Math.max(search.at, index + 1);
  }
}
