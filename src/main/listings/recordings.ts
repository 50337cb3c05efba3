import type { RecordingView } from '../../shared/model/recording.ts';
import type { ControlCaller } from '../control-client/client.ts';
import type { LocalRecording } from '../sync/agent.ts';

/** The recordings this person may see: the store's list, and beside it what still lies on this machine. */
export class Recordings {
  private last: RecordingView[] | null = null;
  private readonly local: () => LocalRecording[];

  constructor(local: () => LocalRecording[]) {
    this.local = local;
  }

  /** Offline it gives the last list with what is local. Throws what the server or network says when there is neither. */
  async load(caller: ControlCaller): Promise<{ recordings: RecordingView[]; local: LocalRecording[] }> {
    const local = this.local();
    try {
      this.last = (await caller.call('listRecordings', { query: { limit: 500 } })).recordings;
      return { recordings: this.last, local: this.local() };
    } catch (error) {
      if (this.last === null && local.length === 0) throw error;
      return { recordings: this.last ?? [], local };
    }
  }

  forget(): void {
    this.last = null;
  }
}
