import type { TranscriptLine } from '../../../shared/protocol/replay.ts';
import { makeStore, type Readable } from '../../services/store.ts';

export interface LinesAnswer {
  from: number;
  total: number;
  lines: readonly TranscriptLine[];
}

const pageLines = 250;
/** A transcript may have millions of lines; of these pages so many are held. */
const pagesAtMost = 80;

export interface TranscriptState {
  /** Lines so far; null where the text may not be opened. */
  total: number | null;
  /** Counts what arrived, so that who shows lines shows them anew. */
  version: number;
}

/** The text of a recording, read page by page as it is wanted. */
export class Transcript {
  readonly state: Readable<TranscriptState>;
  private readonly store = makeStore<TranscriptState>({ total: 0, version: 0 });
  /** Least recently used first. A page that was not full when it was read is read again when more is there. */
  private readonly pages = new Map<number, readonly TranscriptLine[]>();
  private readonly asked = new Map<number, Promise<void>>();
  private readonly ask: (from: number, count: number) => Promise<LinesAnswer>;

  constructor(ask: (from: number, count: number) => Promise<LinesAnswer>) {
    this.ask = ask;
    this.state = this.store;
  }

  /** How many lines there are by now. */
  setTotal(total: number | null): void {
    if (total !== this.store.get().total) this.store.update((now) => ({ total, version: now.version + 1 }));
  }

  /** The line, if it is here. */
  get(index: number): TranscriptLine | undefined {
    return this.pages.get(Math.floor(index / pageLines))?.[index % pageLines];
  }

  /** Sees to it that lines `from` to before `to` are here. */
  async want(from: number, to: number): Promise<void> {
    const total = this.store.get().total ?? 0;
    const last = Math.min(to, total) - 1;
    const wanted: Promise<void>[] = [];
    for (let page = Math.floor(Math.max(0, from) / pageLines); page <= Math.floor(last / pageLines); page += 1) {
      if (last < 0) break;
      const here = this.pages.get(page);
      const full = Math.min(pageLines, total - page * pageLines);
      if (here === undefined || here.length < full) wanted.push(this.read(page));
      else this.touch(page, here);
    }
    await Promise.all(wanted);
  }

  /** The line that was known last at `atMs`: its index, -1 before the first. */
  async indexAt(atMs: number): Promise<number> {
    let low = 0;
    let high = this.store.get().total ?? 0;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      await this.want(middle, middle + 1);
      const line = this.get(middle);
      if (line === undefined || line.atMs > atMs) high = middle;
      else low = middle + 1;
    }
    return low - 1;
  }

  /** The lines of the command that was entered last at `atMs`, the command first; null when there is none. */
  async commandAt(atMs: number): Promise<{ from: number; to: number } | null> {
    let from = await this.indexAt(atMs);
    for (; from >= 0; from -= 1) {
      await this.want(from, from + 1);
      if (this.get(from)?.kind === 'command') break;
    }
    return from < 0 ? null : { from, to: await this.endOf(from) };
  }

  /** Where the lines of the command at `index` end. */
  async endOf(index: number): Promise<number> {
    const total = this.store.get().total ?? 0;
    for (let at = index + 1; at < total; at += 1) {
      if (this.get(at) === undefined) await this.want(at, at + 1);
      if (this.get(at)?.kind === 'command') return at;
    }
    return total;
  }

  /** Lines `from` to before `to` as text; null when it would be longer than `most` characters. */
  async text(from: number, to: number, most: number): Promise<string | null> {
    const parts: string[] = [];
    let size = 0;
    for (let at = from; at < to; at += 1) {
      if (this.get(at) === undefined) await this.want(at, at + 1);
      const line = this.get(at);
      if (line === undefined) continue;
      const text = plainLine(line);
      size += text.length + 1;
      if (size > most) return null;
      parts.push(text);
    }
    return parts.join('\n');
  }

  private async read(page: number): Promise<void> {
    const before = this.asked.get(page);
    if (before !== undefined) return before;
    const work = this.ask(page * pageLines, pageLines).then((answer) => {
      this.asked.delete(page);
      this.touch(page, answer.lines);
      this.store.update((now) => ({ total: now.total, version: now.version + 1 }));
    });
    this.asked.set(page, work);
    return work;
  }

  private touch(page: number, lines: readonly TranscriptLine[]): void {
    this.pages.delete(page);
    this.pages.set(page, lines);
    for (const oldest of this.pages.keys()) {
      if (this.pages.size <= pagesAtMost) break;
      this.pages.delete(oldest);
    }
  }
}

/** A line as it is copied: a command behind a prompt sign, a gap in words. Pure. */
export function plainLine(line: TranscriptLine): string {
  switch (line.kind) {
    case 'line':
      return line.text;
    case 'command':
      return `$ ${line.text}`;
    case 'gap':
      return `[no text: ${line.text}]`;
  }
}
