import { SallyportError } from '../../shared/errors/result.ts';
import type { RecordingView } from '../../shared/model/recording.ts';
import type { LocalRecording } from '../../shared/protocol/ipc.ts';
import type { RecordingsQuery } from '../../shared/protocol/review-api.ts';
import type { ControlCaller } from '../control-client/client.ts';

/** Lists that are kept for when the server is away. */
const listsAtMost = 8;

/** The recordings this person may see: the store's list, and beside it what still lies on this machine. */
export class Recordings {
  /** First pages, by what was asked for, the latest last: another question's answer is none. */
  private readonly last = new Map<string, RecordingView[]>();
  private readonly local: () => LocalRecording[];

  constructor(local: () => LocalRecording[]) {
    this.local = local;
  }

  /** Offline it gives the last list with what is local. Throws what the server refuses, and SP-1003 when there is neither. */
  async load(
    caller: ControlCaller,
    query: RecordingsQuery,
  ): Promise<{ recordings: RecordingView[]; next: string | null; local: LocalRecording[] }> {
    const asked = JSON.stringify(Object.entries(query).sort(([left], [right]) => (left < right ? -1 : 1)));
    try {
      const { recordings, next } = await caller.call('listRecordings', { query });
      if (query.after === undefined) this.keep(asked, recordings);
      return { recordings, next, local: this.local() };
    } catch (error) {
      const isAway = error instanceof SallyportError && error.code === 'SP-1003';
      const [known, local] = [this.last.get(asked), this.local()];
      // A page that follows is not the whole of anything: whoever asks for it keeps those before.
      if (!isAway || (known === undefined && (local.length === 0 || query.after !== undefined))) throw error;
      return { recordings: known ?? [], next: null, local };
    }
  }

  forget(): void {
    this.last.clear();
  }

  private keep(asked: string, recordings: RecordingView[]): void {
    this.last.delete(asked);
    this.last.set(asked, recordings);
    const [oldest] = this.last.keys();
    if (this.last.size > listsAtMost && oldest !== undefined) this.last.delete(oldest);
  }
}
