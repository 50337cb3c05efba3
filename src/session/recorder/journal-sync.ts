import type { JournalWriter } from '../../recording/journal/journal-writer.ts';
import { SallyportError } from '../../shared/errors/result.ts';
import { syncEveryBytes, syncEveryMs } from '../../shared/record/journal.ts';
import type { SyncedHead } from './recorder.ts';

/** Syncs the journal 250 ms after a write or after 64 KiB, whichever comes first; one sync at a time. A failed one is final. */
export class JournalSync {
  private readonly journal: JournalWriter;
  private readonly onHead: (head: SyncedHead) => void;
  private readonly onFailed: (error: SallyportError) => void;
  private unsynced = 0;
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> | null = null;

  constructor(options: {
    journal: JournalWriter;
    onHead: (head: SyncedHead) => void;
    onFailed: (error: SallyportError) => void;
  }) {
    this.journal = options.journal;
    this.onHead = options.onHead;
    this.onFailed = options.onFailed;
  }

  /** Called after each write with its size on disk. */
  wrote(bytes: number): void {
    this.unsynced += bytes;
    if (this.unsynced >= syncEveryBytes) this.start();
    else this.timer ??= setTimeout(() => this.start(), syncEveryMs);
  }

  /** Syncs what is written; resolves when it is on disk or has failed. */
  async flush(): Promise<void> {
    while (this.running !== null) await this.running;
    if (this.unsynced > 0) {
      this.start();
      await this.running;
    }
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private start(): void {
    if (this.running !== null) return;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const head = this.journal.head();
    this.unsynced = 0;
    this.running = this.journal
      .sync()
      .then(() => this.onHead({ ...head, syncedAt: new Date().toISOString() }))
      .catch((error: unknown) => {
        if (error instanceof SallyportError) this.onFailed(error);
        else throw error;
      })
      .finally(() => {
        this.running = null;
        if (this.unsynced >= syncEveryBytes) this.start();
      });
  }
}
