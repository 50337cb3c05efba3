import type { Problem } from '../../../shared/errors/result.ts';
import {
  type PartStart,
  type ReplayToScreen,
  replayToScreenSchema,
  type ScreenToReplay,
} from '../../../shared/protocol/replay.ts';
import { makeStore, type Readable } from '../../services/store.ts';

export type ReplayOpened = Extract<ReplayToScreen, { type: 'opened' }>;
export type ReplaySurvey = Extract<ReplayToScreen, { type: 'survey' }>;
type PartMessage = Extract<ReplayToScreen, { type: 'part' }>;
type LinesMessage = Extract<ReplayToScreen, { type: 'lines' }>;
type FoundMessage = Extract<ReplayToScreen, { type: 'found' }>;
export type ReplayEvent = PartMessage['events'][number];
type Progress = Extract<ReplayToScreen, { type: 'progress' }>;

export interface SourceState {
  progress: Progress | null;
  opened: ReplayOpened | null;
  openedAtMs: number | null;
  /** The latest of what is known from reading all of it; null before anything is. */
  survey: ReplaySurvey | null;
  /** When all of it was read. */
  surveyedAtMs: number | null;
  /** How far a copy is written, 0 to 1; null while none is. */
  exporting: number | null;
  problem: Problem | null;
}

export const nothingYet: SourceState = {
  progress: null,
  opened: null,
  openedAtMs: null,
  survey: null,
  surveyedAtMs: null,
  exporting: null,
  problem: null,
};

/** One part of the output, whole. */
export interface ReadPart {
  part: number;
  start: PartStart | null;
  fault: string | null;
  events: readonly ReplayEvent[];
}

/** Reads a recording part by part. */
export interface PartReader {
  /** The part from whose start the screen at `toMs` is to be drawn. */
  seek(toMs: number): Promise<ReadPart>;
  read(part: number): Promise<ReadPart>;
}

/** The replay process's side of things, over its port. */
export class ReplaySource implements PartReader {
  readonly state: Readable<SourceState>;
  /** Main's name for this replay. */
  readonly id: string;
  private readonly store = makeStore<SourceState>(nothingYet);
  private readonly asked = new Map<number, { messages: PartMessage[]; resolve: (part: ReadPart) => void }>();
  private readonly askedLines = new Map<number, (lines: LinesMessage) => void>();
  private readonly askedFinds = new Map<number, (found: FoundMessage) => void>();
  private nextId = 1;
  private copying = false;
  private readonly port: MessagePort;

  constructor(id: string, port: MessagePort) {
    this.id = id;
    this.state = this.store;
    this.port = port;
    port.onmessage = (event) => {
      const parsed = replayToScreenSchema.safeParse(event.data);
      if (parsed.success) this.take(parsed.data);
      else console.warn('dropped a malformed message of a replay');
    };
    port.start();
  }

  seek(toMs: number): Promise<ReadPart> {
    return this.ask((id) => ({ type: 'seek', id, toMs }));
  }

  read(part: number): Promise<ReadPart> {
    return this.ask((id) => ({ type: 'read', id, part }));
  }

  /** Lines of the transcript from index `from` on, at most 500. */
  lines(from: number, count: number): Promise<LinesMessage> {
    const id = this.nextId++;
    return new Promise((resolve) => {
      this.askedLines.set(id, resolve);
      this.send({ type: 'lines', id, from, count });
    });
  }

  /** Lines of the transcript that hold `text`. */
  find(text: string): Promise<FoundMessage> {
    const id = this.nextId++;
    return new Promise((resolve) => {
      this.askedFinds.set(id, resolve);
      this.send({ type: 'find', id, text });
    });
  }

  /** A copy is asked for: from here to `exportEnded` its progress is told. False while another one is. */
  exportBegun(): boolean {
    if (this.copying) return false;
    this.copying = true;
    return true;
  }

  /** The copy that was being written is written, or is not going to be. */
  exportEnded(): void {
    this.copying = false;
    this.store.update((now) => ({ ...now, exporting: null }));
  }

  /** Ends the replay process's work; what is still asked for is answered with nothing. */
  close(): void {
    this.send({ type: 'close' });
    this.port.close();
    for (const { resolve } of this.asked.values()) resolve({ part: 0, start: null, fault: null, events: [] });
    this.asked.clear();
    for (const [id, resolve] of this.askedLines) resolve({ type: 'lines', id, from: 0, total: 0, lines: [] });
    this.askedLines.clear();
    for (const [id, resolve] of this.askedFinds) resolve({ type: 'found', id, total: 0, finished: true, hits: [] });
    this.askedFinds.clear();
  }

  private ask(message: (id: number) => ScreenToReplay): Promise<ReadPart> {
    const id = this.nextId++;
    return new Promise((resolve) => {
      this.asked.set(id, { messages: [], resolve });
      this.send(message(id));
    });
  }

  private send(message: ScreenToReplay): void {
    this.port.postMessage(message);
  }

  private take(message: ReplayToScreen): void {
    switch (message.type) {
      case 'progress':
        this.store.update((now) => ({ ...now, progress: message }));
        break;
      case 'opened':
        this.store.update((now) => ({ ...now, opened: message, openedAtMs: Date.now() }));
        break;
      case 'survey':
        this.store.update((now) => ({
          ...now,
          survey: message,
          surveyedAtMs: message.finished ? Date.now() : null,
        }));
        break;
      case 'problem':
        this.store.update((now) => ({ ...now, problem: message.problem }));
        break;
      case 'exporting':
        // The port and main's answer are two ways: what comes after the answer would say for ever that a copy is being written.
        if (this.copying)
          this.store.update((now) => ({ ...now, exporting: message.done / Math.max(1, message.total) }));
        break;
      case 'part':
        this.takePart(message);
        break;
      case 'lines':
        this.askedLines.get(message.id)?.(message);
        this.askedLines.delete(message.id);
        break;
      case 'found':
        if (message.more === true) break;
        this.askedFinds.get(message.id)?.(message);
        this.askedFinds.delete(message.id);
        break;
    }
  }

  private takePart(message: PartMessage): void {
    const ask = this.asked.get(message.id);
    if (ask === undefined) return;
    ask.messages.push(message);
    if (!message.done) return;
    this.asked.delete(message.id);
    ask.resolve({
      part: message.part,
      start: ask.messages[0]?.start ?? null,
      fault: message.fault,
      events: ask.messages.flatMap((each) => each.events),
    });
  }
}
