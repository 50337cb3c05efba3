import type { MessagePortMain } from 'electron';
import type { Forked } from './forked.ts';

/**
 * Keeps one process forked ahead of need: starting one takes longer than all the rest of a connect. What the spare says before it is taken
 * is kept for its owner. It has no session, no grant and no way to a target; only its own signing key.
 */
export class WarmFork<Out> {
  private spare: Forked<Out> | null = null;
  private timer: NodeJS.Timeout | null = null;
  private readonly fork: () => Forked<Out>;

  constructor(fork: () => Forked<Out>) {
    this.fork = fork;
  }

  /** The spare if it is alive, else a new one. Call `prepare` afterwards for the next. */
  take(): Forked<Out> {
    const taken = this.spare;
    this.spare = null;
    return taken ?? this.fork();
  }

  /** Makes a spare after `delayMs`, so that it does not compete with what is being opened now. Does nothing when there is one. */
  prepare(delayMs: number): void {
    if (this.spare !== null || this.timer !== null) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      if (this.spare !== null) return;
      const spare = keepMessages(this.fork());
      this.spare = spare;
      spare.onExit(() => {
        if (this.spare === spare) this.spare = null;
      });
    }, delayMs);
  }

  discard(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.spare?.sigkill();
    this.spare = null;
  }
}

function keepMessages<Out>(child: Forked<Out>): Forked<Out> {
  const kept: unknown[] = [];
  let listener: ((message: unknown) => void) | null = null;
  child.onMessage((message) => {
    if (listener === null) kept.push(message);
    else listener(message);
  });
  return {
    get pid() {
      return child.pid;
    },
    send: (message: Out, port?: MessagePortMain) => child.send(message, port),
    onMessage: (next) => {
      listener = next;
      for (const message of kept.splice(0)) next(message);
    },
    onExit: (next) => child.onExit(next),
    sigkill: () => child.sigkill(),
  };
}
