import type { RecordingView } from '../../shared/model/recording.ts';
import type { LocalRecording } from '../../shared/protocol/ipc.ts';
import type { RecordingsQuery } from '../../shared/protocol/review-api.ts';
import type { ControlCaller } from '../control-client/client.ts';

/** The recordings this person may see: the store's list, and beside it what still lies on this machine. */
export class Recordings {
  private last: RecordingView[] | null = null;
  private readonly local: () => LocalRecording[];

  constructor(local: () => LocalRecording[]) {
    this.local = local;
  }

  /** Offline it gives the last list with what is local. Throws what the server or network says when there is neither. */
  async load(
    caller: ControlCaller,
    query: RecordingsQuery,
  ): Promise<{ recordings: RecordingView[]; next: string | null; local: LocalRecording[] }> {
    const local = this.local();
    try {
      const { recordings, next } = await caller.call('listRecordings', { query });
      this.last = recordings;
      return { recordings, next, local: this.local() };
    } catch (error) {
      if (this.last === null && local.length === 0) throw error;
      return { recordings: this.last ?? [], next: null, local };
    }
  }

  forget(): void {
    this.last = null;
  }
}
