import { setImmediate } from 'node:timers/promises';
import type { JournalContents } from '../../recording/journal/read-journal.ts';
import { nothingUnsettled, settleRest, settleTimes } from '../../recording/text-lines/settle-times.ts';
import { SallyportError } from '../../shared/errors/result.ts';
import type { KeyedStream } from '../../shared/model/recording.ts';
import type { RecordedEvent } from '../../shared/record/events.ts';
import type { Manifest, SegmentLine } from '../../shared/record/manifest.ts';
import type { TextEntry } from '../../shared/record/text-lines.ts';
import type { StoredSegments, StreamLine } from '../stored-segments.ts';
import type { Identities } from '../unlock.ts';
import { computedText, type Piece } from './computed-text.ts';
import { linesOf, openSidecar } from './sidecars.ts';
import { ToldCommands } from './told-commands.ts';
import { TranscriptStore } from './transcript-store.ts';

/** Without a keyframe so far back, text that goes on after the segments begins with an empty screen. */
const lookBackAtMost = 64;
const pieceBytes = 262_144;

export interface GatherOptions {
  manifest: Manifest | null;
  /** What goes on where the segments stop. */
  rest: JournalContents | null;
  identities: Identities;
  segments: StoredSegments;
  /** A stored part, which others may have fetched already; null where there is none. Throws what fetching throws. */
  fetch: (stream: KeyedStream, seq: number) => Promise<Uint8Array | null>;
  /** Resolves when nobody waits for something else. */
  quiet: () => Promise<void>;
  /** For tests. */
  store?: TranscriptStore;
  drawnBytesAtMost?: number;
}

/**
 * Gathers what could be read in a recording: from its text sidecars where their key is open, which costs little; else, and for what no sidecar covers yet (the journal of a
 * session that runs or crashed), by drawing the output.
 */
export class Gather {
  readonly store: TranscriptStore;
  readonly commands = new ToldCommands();
  private readonly options: GatherOptions;
  private lastMs = 0;
  private unsettled = nothingUnsettled;
  private onMore: () => void = () => {};

  constructor(options: GatherOptions) {
    this.options = options;
    this.store = options.store ?? new TranscriptStore();
  }

  /** `onMore` is told of every step. Resolves when all of it is there, or it is said why not. Never rejects for what is the recording's or the network's. */
  async run(onMore: () => void = () => {}): Promise<void> {
    this.onMore = onMore;
    try {
      const told = await this.takeSidecars();
      await this.takeComputed(told);
    } catch (error) {
      if (!(error instanceof SallyportError)) throw error;
      await this.addGap(this.lastMs, `The rest of the text could not be read: ${error.message}`);
    } finally {
      await this.addRest();
      this.store.end();
    }
  }

  /** Takes the sidecars from the first on; returns how many output segments they cover. */
  private async takeSidecars(): Promise<number> {
    const { manifest, identities, quiet } = this.options;
    const identity = identities.text;
    const lines = manifest?.segments.filter((line) => line.stream === 'text') ?? [];
    if (identity === undefined) return 0;
    let told = 0;
    for (const line of lines) {
      if (line.seq !== told) break;
      await quiet();
      const { entries, fault } = await openSidecar(line, await this.options.fetch('text', line.seq), identity);
      told += 1;
      if (fault !== null) await this.addGap(line.t0, `text segment ${line.seq} is not shown: ${fault}`);
      else await this.take(entries, () => this.again(line, identity));
      await setImmediate();
    }
    return told;
  }

  private async again(line: SegmentLine, identity: string): Promise<TextEntry[]> {
    const { entries, fault } = await openSidecar(line, await this.options.segments.fetch('text', line.seq), identity);
    if (fault !== null) throw new SallyportError('SP-3030', `Text segment ${line.seq} is not shown: ${fault}`);
    return entries;
  }

  /** Draws what comes after the `told` output segments whose text there is. */
  private async takeComputed(told: number): Promise<void> {
    const { manifest, rest, quiet, drawnBytesAtMost } = this.options;
    const output = manifest?.segments.filter((line): line is StreamLine => line.stream === 'output') ?? [];
    const hasAll = told >= output.length && manifest?.end != null;
    const terminal = manifest?.header.terminal ?? rest?.header.terminal;
    if (hasAll || terminal === undefined) return;
    const from = await this.startFor(output, told);
    const computed = computedText({
      session: manifest?.header.session ?? rest?.header.session ?? '',
      size: { cols: terminal.cols, rows: terminal.rows },
      pieces: this.pieces(output, { from, told }),
      input: this.typed(output[from]?.t0 ?? 0),
      quiet,
      ...(drawnBytesAtMost === undefined ? {} : { bytesAtMost: drawnBytesAtMost }),
    });
    for await (const entries of computed) {
      if (await this.take(entries, null)) continue;
      await this.addGap(this.lastMs, 'There is more text than is kept here. What comes later can be played, not read.');
      return;
    }
  }

  /** The output segment to begin to draw with, so that the screen is known when the first one without text comes. */
  private async startFor(output: readonly StreamLine[], told: number): Promise<number> {
    const last = Math.min(told, output.length) - 1;
    for (let index = last; index > 0 && index > last - lookBackAtMost; index -= 1) {
      const line = output[index];
      if (line === undefined) break;
      const { start, fault } = await this.options.segments.open(line, await this.options.fetch('output', line.seq));
      if (start !== null && fault === null) return index;
    }
    return Math.max(0, last < lookBackAtMost ? 0 : last);
  }

  private async *pieces(
    output: readonly StreamLine[],
    { from, told }: { from: number; told: number },
  ): AsyncGenerator<Piece> {
    const rest = this.options.rest?.events.output ?? [];
    for (const [index, line] of output.entries()) {
      if (index < from) continue;
      await this.options.quiet();
      const opened = await this.options.segments.open(line, await this.options.fetch('output', line.seq));
      if (opened.fault !== null && index >= told)
        await this.addGap(line.t0, `The text of output segment ${line.seq} is not known: ${opened.fault}`);
      yield { events: opened.events, start: opened.start, isWanted: index >= told, isLast: false };
    }
    yield* inPieces(rest);
    // What stands on the screen in the end has not left it.
    yield { events: [], start: null, isWanted: true, isLast: true };
  }

  /** What was typed from `fromMs` on. A segment of input that does not open is passed over: what of it is bad is said elsewhere. */
  private async *typed(fromMs: number): AsyncGenerator<RecordedEvent> {
    const { manifest, segments, rest } = this.options;
    if (!segments.hasKey('input')) return;
    for (const line of manifest?.segments ?? []) {
      if (line.stream !== 'input' || line.t1 < fromMs || !segments.canOpen(line)) continue;
      yield* (await segments.open(line, await this.options.fetch('input', line.seq))).events;
    }
    yield* rest?.events.input ?? [];
  }

  private async take(
    entries: readonly TextEntry[],
    again: (() => Promise<readonly TextEntry[]>) | null,
  ): Promise<boolean> {
    for (const entry of entries) this.commands.take(entry);
    this.lastMs = Math.max(this.lastMs, entries.at(-1)?.t ?? 0);
    const { unsettled } = this;
    // What cannot be kept is read again, for which every block remembers what was open before it: then nothing may be.
    const settle = this.store.isFull ? settleAtOnce : settleTimes;
    const { settled, after } = settle(unsettled, entries);
    this.unsettled = after;
    const reload = again === null ? null : async () => linesOf(settle(unsettled, await again()).settled);
    const isKept = await this.store.add(linesOf(settled), reload);
    this.onMore();
    return isKept;
  }

  /** Room there always is for what was held. */
  private async addHeld({ settled, after }: ReturnType<typeof settleTimes>): Promise<void> {
    this.unsettled = after;
    const lines = linesOf(settled);
    await this.store.add(lines, () => Promise.resolve(lines));
  }

  private async addGap(atMs: number, gap: string): Promise<void> {
    await this.addHeld(settleTimes(this.unsettled, [{ t: atMs, gap }]));
  }

  private async addRest(): Promise<void> {
    await this.addHeld(settleRest(this.unsettled, { isEnd: true }));
    this.onMore();
  }
}

/** Leaves nothing open. */
function settleAtOnce(...[before, entries]: Parameters<typeof settleTimes>): ReturnType<typeof settleTimes> {
  const { settled, after } = settleTimes(before, entries);
  const rest = settleRest(after, { isEnd: false });
  return { settled: [...settled, ...rest.settled], after: rest.after };
}

function* inPieces(events: readonly RecordedEvent[]): Generator<Piece> {
  let from = 0;
  while (from < events.length) {
    let size = 0;
    let to = from;
    while (to < events.length && size < pieceBytes) {
      size += events[to]?.data.length ?? 0;
      to += 1;
    }
    yield { events: events.slice(from, to), start: null, isWanted: true, isLast: false };
    from = to;
  }
}
