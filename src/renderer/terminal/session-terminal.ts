import type { Problem } from '../../shared/errors/result.ts';
import type { EvidenceLevel, SessionState } from '../../shared/model/session.ts';
import { maxInputChunk, type ScreenToSession, sessionToScreenSchema } from '../../shared/protocol/session-port.ts';
import { makeStore, type Readable } from '../services/store.ts';
import { makeOutputPump } from './output-pump.ts';
import type { TerminalScreen } from './terminal-screen.ts';

/** What the session process itself said on the port; fresher than main's view. */
export interface SessionFacts {
  state: SessionState | null;
  record: { writtenBytes: number; syncedAtMs: number; sealedSegments: number } | null;
  opened: { hostKey: string; cipher: string; kex: string; endsAtMs: number } | null;
  problem: Problem | null;
  /** What stands behind the record by now; null before it was said. */
  evidence: { level: EvidenceLevel; anchors: number } | null;
  /** Since when nothing is recorded any more, although the session goes on, and why; null while all of it is. */
  stopped: { problem: Problem; atMs: number } | null;
}

/** Before the session process said anything. */
export const noFacts: SessionFacts = {
  state: null,
  record: null,
  opened: null,
  problem: null,
  evidence: null,
  stopped: null,
};

/** One session's screen and its port. Lives as long as the tab, not as long as a view is shown. */
export class SessionTerminal {
  readonly facts: Readable<SessionFacts>;
  private readonly factsStore = makeStore<SessionFacts>(noFacts);
  private port: MessagePort | null = null;
  private sentSize = '';

  readonly screen: TerminalScreen;

  constructor(screen: TerminalScreen, requestedSize: { cols: number; rows: number } | null) {
    this.screen = screen;
    this.facts = this.factsStore;
    if (requestedSize !== null) this.sentSize = `${requestedSize.cols} ${requestedSize.rows}`;
    screen.setInputAllowed(false);
    screen.onInput((data) => this.sendInput(data));
    screen.onResize((size) => this.sendSize(size));
  }

  /** Takes over the session's port. */
  connect(port: MessagePort): void {
    this.port = port;
    const pump = makeOutputPump(this.screen, (end) => this.send({ type: 'drawn', end }));
    port.onmessage = (event) => {
      const parsed = sessionToScreenSchema.safeParse(event.data);
      if (!parsed.success) {
        console.warn('dropped a malformed message of a session');
        return;
      }
      const message = parsed.data;
      if (message.type === 'output') pump.push(message.data, message.end);
      else this.take(message);
    };
    port.start();
    this.sendSize(this.screen.size());
  }

  /** Asks the session process to end it; works also while main is busy. */
  disconnect(): void {
    this.send({ type: 'disconnect' });
  }

  dispose(): void {
    this.port?.close();
    this.port = null;
    this.screen.dispose();
  }

  private take(message: Exclude<ReturnType<typeof sessionToScreenSchema.parse>, { type: 'output' }>): void {
    switch (message.type) {
      case 'state':
        this.factsStore.update((now) => ({ ...now, state: message.state }));
        this.screen.setInputAllowed(message.state.state === 'open');
        break;
      case 'record':
        this.factsStore.update((now) => ({ ...now, record: message }));
        break;
      case 'opened':
        this.factsStore.update((now) => ({ ...now, opened: message }));
        break;
      case 'evidence':
        this.factsStore.update((now) => ({ ...now, evidence: message }));
        break;
      case 'recording-stopped':
        // The first one counts: from then on nothing is recorded, whatever is said later.
        this.factsStore.update((now) =>
          now.stopped === null ? { ...now, stopped: { problem: message.problem, atMs: message.atMs } } : now,
        );
        break;
      case 'problem':
        this.factsStore.update((now) => ({ ...now, problem: message.problem }));
        break;
    }
  }

  private send(message: ScreenToSession): void {
    this.port?.postMessage(message);
  }

  private sendInput(data: Uint8Array): void {
    for (let at = 0; at < data.length; at += maxInputChunk) {
      this.send({ type: 'input', data: data.slice(at, at + maxInputChunk) });
    }
  }

  private sendSize(size: { cols: number; rows: number }): void {
    const text = `${size.cols} ${size.rows}`;
    if (this.port === null || text === this.sentSize) return;
    this.sentSize = text;
    this.send({ type: 'resize', cols: size.cols, rows: size.rows });
  }
}
