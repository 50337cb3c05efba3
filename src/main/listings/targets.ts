import { rm } from 'node:fs/promises';
import { z } from 'zod';
import { SallyportError } from '../../shared/errors/result.ts';
import { type TargetView, targetViewSchema } from '../../shared/model/target.ts';
import type { ControlCaller } from '../control-client/client.ts';
import { readJson, writeWhole } from '../files.ts';

export interface TargetList {
  targets: TargetView[];
  loadedAtMs: number;
}

/** Whose list lies in the file: what another device was shown is never read. */
const keptSchema = z.object({ device: z.string(), loadedAtMs: z.number(), targets: z.array(targetViewSchema) });

/**
 * The targets this person may see, as last loaded. The last list also lies in a file, so that a start shows it at once, and a start without the server shows it at all; the server
 * decides every connect anew anyway. It goes when the device is forgotten.
 */
export class Targets {
  private list: TargetList | null = null;
  private stale = false;
  private readonly path: string;
  private readonly onBehind: () => void;
  private reading: { device: string; list: Promise<TargetList | null> } | null = null;
  private writing: Promise<void> = Promise.resolve();

  /** `onBehind`: what was just given is the kept list, and the server has said since that it may be another. */
  constructor(options: { path: string; onBehind?: () => void }) {
    this.path = options.path;
    this.onBehind = options.onBehind ?? (() => undefined);
  }

  /**
   * From the server when asked to refresh, when there is no copy, or when the server said that it changed; else the copy. Throws what the server or network says.
   */
  async load(caller: ControlCaller, device: string, refresh: boolean): Promise<TargetList> {
    if (this.list === null && !refresh) {
      const kept = await this.prepare(device);
      this.reading = null;
      if (kept !== null && this.list === null) {
        this.list = kept;
        // Shown first, whatever the server says by now: a start does not wait for it.
        if (this.stale) setImmediate(this.onBehind);
        return kept;
      }
    }
    if (this.list !== null && !refresh && !this.stale) return this.list;
    try {
      const { targets } = await caller.call('listTargets');
      const list = { targets, loadedAtMs: Date.now() };
      this.list = list;
      this.stale = false;
      this.keep({ device, ...list });
      return list;
    } catch (error) {
      if (this.list !== null && !refresh) return this.list;
      throw error;
    }
  }

  /** Begins to read the kept list, so that it is there when the window asks. */
  prepare(device: string): Promise<TargetList | null> {
    if (this.reading?.device !== device) this.reading = { device, list: this.kept(device) };
    return this.reading.list;
  }

  changed(): void {
    this.stale = true;
  }

  /** Throws SP-2001 when this person does not see such a target. */
  async require(caller: ControlCaller, device: string, targetId: string): Promise<TargetView> {
    const known = this.list?.targets.find((target) => target.id === targetId);
    if (known !== undefined) return known;
    const found = (await this.load(caller, device, true)).targets.find((target) => target.id === targetId);
    if (found === undefined)
      throw new SallyportError(
        'SP-2001',
        'This target is not among those you may reach any more. Reload the list, or ask for access.',
      );
    return found;
  }

  /** Resolves when nothing of it is on this device any more. */
  async forget(): Promise<void> {
    this.list = null;
    this.reading = null;
    this.stale = false;
    this.writing = this.writing.then(() => rm(this.path, { force: true })).catch(() => undefined);
    await this.writing;
  }

  /** Resolves when the last list is in its file. */
  async settled(): Promise<void> {
    await this.writing;
  }

  private async kept(device: string): Promise<TargetList | null> {
    const kept = await readJson(this.path, keptSchema);
    if (kept === null || kept.device !== device) return null;
    // What the server says now counts: it is asked as soon as there is a link.
    return { targets: kept.targets, loadedAtMs: kept.loadedAtMs };
  }

  /** A list that cannot be kept is only loaded again. */
  private keep(kept: z.infer<typeof keptSchema>): void {
    this.writing = this.writing.then(() => writeWhole(this.path, JSON.stringify(kept))).catch(() => undefined);
  }
}
