import { z } from 'zod';
import { SallyportError } from '../../shared/errors/result.ts';
import { type AppState, defaultSettings, type Settings, settingsSchema } from '../../shared/protocol/ipc.ts';
import { readJson, writeWhole } from '../files.ts';
import { settingWords } from './setting-words.ts';

export interface SettingsOptions {
  path: string;
  /** What policy fixes on this device; null where it fixes nothing. */
  fixed: AppState['fixed'];
  onChange: (settings: Settings) => void;
}

/**
 * The person's preferences: one JSON file. What is missing or wrong in it falls back to the default, one value at a time. What policy fixes stands over
 * the person's own, which stay in the file and are theirs again when policy lets go.
 */
export class SettingsStore {
  private own: Settings = defaultSettings;
  private writing: Promise<void> = Promise.resolve();
  private readonly options: SettingsOptions;

  constructor(options: SettingsOptions) {
    this.options = options;
  }

  async load(): Promise<Settings> {
    const stored = (await readJson(this.options.path, z.record(z.string(), z.unknown()))) ?? {};
    const kept = Object.entries(stored).filter(
      ([name, value]) => settingsSchema.partial().safeParse({ [name]: value }).success,
    );
    this.own = settingsSchema.parse({ ...defaultSettings, ...Object.fromEntries(kept) });
    return this.get();
  }

  /** What holds: the person's choices below what policy fixes. */
  get(): Settings {
    return { ...this.own, ...this.options.fixed?.settings };
  }

  /**
   * Changes what is given, keeps it, tells the listener. Throws SP-5003, and changes nothing, when policy fixes one of the values otherwise; throws what
   * the file system throws, the change then holds until the restart.
   */
  async set(change: Partial<Settings>): Promise<Settings> {
    this.own = settingsSchema.parse({ ...this.own, ...this.allowed(change) });
    this.options.onChange(this.get());
    const text = `${JSON.stringify(this.own, null, 2)}\n`;
    this.writing = this.writing.catch(() => undefined).then(() => writeWhole(this.options.path, text));
    await this.writing;
    return this.get();
  }

  /** The change without what is fixed; a fixed value sent along unchanged is no try to change it. */
  private allowed(change: Partial<Settings>): Partial<Settings> {
    const { fixed } = this.options;
    if (fixed === null) return change;
    const held: Partial<Record<string, unknown>> = fixed.settings;
    const refused = Object.entries(change).find(
      ([name, value]) => held[name] !== undefined && JSON.stringify(held[name]) !== JSON.stringify(value),
    );
    if (refused !== undefined) {
      throw new SallyportError(
        'SP-5003',
        `${settingWords(refused[0])} is fixed on this device by ${fixed.by}. Ask them if it must change.`,
      );
    }
    return Object.fromEntries(Object.entries(change).filter(([name]) => held[name] === undefined));
  }
}
