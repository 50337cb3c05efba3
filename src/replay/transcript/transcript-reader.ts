import { setImmediate } from 'node:timers/promises';
import { SallyportError, toProblem } from '../../shared/errors/result.ts';
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

/**
 * Answers `lines` and `find`. A search goes block by block and lets everything else pass between them; while the text is still gathered it goes on with what comes, until it is
 * whole or another search is asked for.
 */
export class TranscriptReader {
  private readonly store: TranscriptStore;
  private readonly post: (message: ReplayToScreen) => void;
  private searching = 0;

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

  /** Resolves when the last answer was posted, or another search took over. Never rejects. */
  async find({ id, text }: Find): Promise<void> {
    this.searching += 1;
    const mine = this.searching;
    const isOver = () => this.searching !== mine;
    const wanted = folded(text);
    const hits: Hit[] = [];
    const answer: Found = { type: 'found', id, total: 0, finished: false, hits };
    let saidAt = performance.now();
    let saidTotal = -1;
    const say = (finished: boolean) => {
      saidAt = performance.now();
      saidTotal = answer.total;
      this.post({ ...answer, finished, hits: [...hits] });
    };
    for (let at = 0; ; ) {
      while (at < this.store.blocks) {
        answer.total += await this.search(at, { wanted, hits, failed: (problem) => (answer.problem ??= problem) });
        at += 1;
        await setImmediate();
        if (isOver()) return;
        if (performance.now() - saidAt > everyMs && answer.total !== saidTotal) say(false);
      }
      if (this.store.isComplete) break;
      if (answer.total !== saidTotal) say(false);
      await this.store.more(at);
      if (isOver()) return;
    }
    say(true);
  }

  private async search(
    at: number,
    { wanted, hits, failed }: { wanted: string; hits: Hit[]; failed: (problem: ReturnType<typeof toProblem>) => void },
  ): Promise<number> {
    try {
      const { first, block } = await this.store.block(at);
      return searchBlock(block, wanted, first, {
        wants: () => hits.length < hitsAtMost,
        take: (hit) => hits.push(hit),
      });
    } catch (error) {
      failed(toProblem(error));
      return 0;
    }
  }
}
