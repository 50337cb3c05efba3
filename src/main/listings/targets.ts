import { SallyportError } from '../../shared/errors/result.ts';
import type { TargetView } from '../../shared/model/target.ts';
import type { ControlCaller } from '../control-client/client.ts';

export interface TargetList {
  targets: TargetView[];
  loadedAtMs: number;
}

/** The targets this person may see, as last loaded. Offline the last copy is still worth looking at. */
export class Targets {
  private list: TargetList | null = null;
  private stale = false;

  /** From the server when asked to refresh, when nothing was loaded or when the server said that it changed; else the copy. Throws what the server or network says. */
  async load(caller: ControlCaller, refresh: boolean): Promise<TargetList> {
    if (this.list !== null && !refresh && !this.stale) return this.list;
    try {
      const { targets } = await caller.call('listTargets');
      this.list = { targets, loadedAtMs: Date.now() };
      this.stale = false;
      return this.list;
    } catch (error) {
      if (this.list !== null && !refresh) return this.list;
      throw error;
    }
  }

  changed(): void {
    this.stale = true;
  }

  /** Throws SP-2001 when this person does not see such a target. */
  async require(caller: ControlCaller, targetId: string): Promise<TargetView> {
    const known = this.list?.targets.find((target) => target.id === targetId);
    if (known !== undefined) return known;
    const found = (await this.load(caller, true)).targets.find((target) => target.id === targetId);
    if (found === undefined)
      throw new SallyportError(
        'SP-2001',
        'This target is not among those you may reach any more. Reload the list, or ask for access.',
      );
    return found;
  }

  forget(): void {
    this.list = null;
  }
}
