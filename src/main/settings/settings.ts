import { z } from 'zod';
import { type Settings, settingsSchema } from '../../shared/protocol/ipc.ts';
import { readJson, writeWhole } from '../files.ts';

export const defaultSettings: Settings = { theme: 'system', fontSize: 13, copyOnSelect: false };

/** The person's preferences: one JSON file. What is missing or wrong in it falls back to the default, one value at a time. */
export class SettingsStore {
  private current: Settings = defaultSettings;
  private writing: Promise<void> = Promise.resolve();
  private readonly path: string;
  private readonly onChange: (settings: Settings) => void;

  constructor(options: { path: string; onChange: (settings: Settings) => void }) {
    this.path = options.path;
    this.onChange = options.onChange;
  }

  async load(): Promise<Settings> {
    const stored = (await readJson(this.path, z.record(z.string(), z.unknown()))) ?? {};
    const kept = Object.entries(stored).filter(
      ([name, value]) => settingsSchema.partial().safeParse({ [name]: value }).success,
    );
    this.current = settingsSchema.parse({ ...defaultSettings, ...Object.fromEntries(kept) });
    return this.current;
  }

  get(): Settings {
    return this.current;
  }

  /** Changes what is given, keeps it, tells the listener. Throws what the file system throws; the change then holds until the restart. */
  async set(change: Partial<Settings>): Promise<Settings> {
    this.current = settingsSchema.parse({ ...this.current, ...change });
    this.onChange(this.current);
    const text = `${JSON.stringify(this.current, null, 2)}\n`;
    this.writing = this.writing.catch(() => undefined).then(() => writeWhole(this.path, text));
    await this.writing;
    return this.current;
  }
}
