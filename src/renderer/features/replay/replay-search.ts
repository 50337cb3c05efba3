import type { ReplayToScreen } from '../../../shared/protocol/replay.ts';
import { makeStore, type Readable } from '../../services/store.ts';

export type Found = Extract<ReplayToScreen, { type: 'found' }>;
export type ReplayHit = Found['hits'][number];

export interface SearchState {
  /** What is in the field. */
  text: string;
  /** What the hits are of; differs from `text` while an answer is awaited. */
  asked: string;
  hits: readonly ReplayHit[];
  total: number;
  /** False: more of the recording is still being read. */
  finished: boolean;
  /** The hit we are at; -1 before one was chosen. */
  index: number;
}

export const noSearch: SearchState = { text: '', asked: '', hits: [], total: 0, finished: true, index: -1 };

/** Letters that come within this are one question. */
const settleMs = 120;
/** While the recording is still being read, hits are asked for again this often at most. */
const againMs = 1500;

/**
 * What to look for, best first, when a search over many recordings leads here: it wants all its words in one line, and here a line must hold the text as it is. Pure.
 */
export function searchCandidates(find: string): string[] {
  const whole = find.replaceAll('"', ' ').replace(/\s+/g, ' ').trim();
  const phrases = [...find.matchAll(/"([^"]+)"/g)].map((match) => (match[1] ?? '').trim());
  const words = whole.split(' ').sort((a, b) => b.length - a.length);
  return [...new Set([whole, ...phrases, words[0] ?? ''])]
    .filter((text) => text !== '')
    .map((text) => text.slice(0, 200));
}

/** The hit to go to from a place: the first at or after it (`1`), the last before it (`-1`), round the ends. -1 without hits. Pure. */
export function hitFrom(hits: readonly ReplayHit[], atMs: number, by: 1 | -1): number {
  if (hits.length === 0) return -1;
  if (by === 1)
    return Math.max(
      0,
      hits.findIndex((hit) => hit.atMs >= atMs),
    );
  const before = hits.findLastIndex((hit) => hit.atMs < atMs);
  return before < 0 ? hits.length - 1 : before;
}

/** The search in one replay: its text, its hits, and which of them we are at. */
export class ReplaySearch {
  readonly state: Readable<SearchState>;
  private readonly store = makeStore<SearchState>(noSearch);
  private readonly ask: (text: string) => Promise<Found>;
  private timer: ReturnType<typeof setTimeout> | null = null;
  /** A newer question makes the answer to an older one nothing. */
  private generation = 0;
  private askedAtMs = 0;

  constructor(ask: (text: string) => Promise<Found>) {
    this.ask = ask;
    this.state = this.store;
  }

  /** What the person typed. */
  setText(text: string): void {
    this.stop();
    if (text.trim() === '') {
      this.store.set({ ...noSearch, text });
      return;
    }
    this.store.update((now) => ({ ...now, text, index: -1 }));
    this.timer = setTimeout(() => void this.search(text.trim().slice(0, 200)), settleMs);
  }

  /** Fills the search from outside and chooses the hit nearest to `atMs`; resolves to it, or null when there is none. */
  async open(find: string, atMs: number): Promise<ReplayHit | null> {
    this.stop();
    for (const text of searchCandidates(find)) {
      this.store.update((now) => ({ ...now, text, index: -1 }));
      if (!(await this.search(text))) return null;
      const { hits } = this.store.get();
      if (hits.length === 0) continue;
      const nearest = hits.reduce((best, hit, index) => {
        const away = (at: number) => Math.abs((hits[at]?.atMs ?? 0) - atMs);
        return hit !== undefined && away(index) < away(best) ? index : best;
      }, 0);
      return this.choose(nearest);
    }
    return null;
  }

  /** The next hit, or the one before, from where we are; goes on at the other end. Asks at once when letters still settle. */
  async step(by: 1 | -1, atMs: number): Promise<ReplayHit | null> {
    const { text, asked } = this.store.get();
    const wanted = text.trim().slice(0, 200);
    if (wanted === '') return null;
    if (wanted !== asked) {
      this.stop();
      if (!(await this.search(wanted))) return null;
    }
    const { hits, index } = this.store.get();
    if (hits.length === 0) return null;
    return this.choose(index < 0 ? hitFrom(hits, atMs, by) : (index + by + hits.length) % hits.length);
  }

  choose(index: number): ReplayHit | null {
    const hit = this.store.get().hits[index];
    if (hit === undefined) return null;
    this.store.update((now) => ({ ...now, index }));
    return hit;
  }

  /** More of the recording was read; `finished`: all of it. */
  moreWasRead(finished: boolean): void {
    const { asked, finished: known } = this.store.get();
    if (asked === '' || known || this.timer !== null) return;
    if (finished || Date.now() - this.askedAtMs >= againMs) void this.search(asked);
  }

  clear(): void {
    this.stop();
    this.store.set(noSearch);
  }

  private stop(): void {
    this.generation += 1;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  /** Resolves to false when a newer question took over. The hit we are at stays the one it was. */
  private async search(text: string): Promise<boolean> {
    this.generation += 1;
    const mine = this.generation;
    this.timer = null;
    this.askedAtMs = Date.now();
    const found = await this.ask(text);
    if (mine !== this.generation) return false;
    this.store.update((now) => {
      const at = now.asked === text ? now.hits[now.index] : undefined;
      const index = at === undefined ? -1 : found.hits.findIndex((hit) => hit.line === at.line && hit.atMs === at.atMs);
      return { ...now, asked: text, hits: found.hits, total: found.total, finished: found.finished, index };
    });
    return true;
  }
}
