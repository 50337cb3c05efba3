import { z } from 'zod';
import { emptyMemory, type Memory, memorySchema } from '../../shared/protocol/ipc.ts';
import { readJson, writeWhole } from '../files.ts';

/** Targets whose colour or link hosts are remembered; the schema bounds everything else. Those set last are kept. */
export const targetsRemembered = 2000;

/** What the launcher remembers: one JSON file. What is missing or wrong in it is empty again, one value at a time. */
export class MemoryStore {
  private current: Memory = emptyMemory;
  private writing: Promise<void> = Promise.resolve();
  private readonly path: string;
  private readonly onChange: (memory: Memory) => void;

  constructor(options: { path: string; onChange: (memory: Memory) => void }) {
    this.path = options.path;
    this.onChange = options.onChange;
  }

  async load(): Promise<Memory> {
    const stored = (await readJson(this.path, z.record(z.string(), z.unknown()))) ?? {};
    const kept = Object.entries(stored).filter(
      ([name, value]) => memorySchema.partial().safeParse({ [name]: value }).success,
    );
    this.current = bounded(memorySchema.parse({ ...emptyMemory, ...Object.fromEntries(kept) }));
    return this.current;
  }

  get(): Memory {
    return this.current;
  }

  /** Changes what is given, keeps it, tells the listener. Throws what the file system throws; the change then holds until the restart. */
  async set(change: Partial<Memory>): Promise<Memory> {
    this.current = bounded(memorySchema.parse({ ...this.current, ...change }));
    this.onChange(this.current);
    const text = `${JSON.stringify(this.current)}\n`;
    this.writing = this.writing.catch(() => undefined).then(() => writeWhole(this.path, text));
    await this.writing;
    return this.current;
  }
}

function bounded(memory: Memory): Memory {
  return { ...memory, colours: lastOf(memory.colours), linkHosts: lastOf(memory.linkHosts) };
}

function lastOf<V>(record: Record<string, V>): Record<string, V> {
  const entries = Object.entries(record);
  return entries.length <= targetsRemembered ? record : Object.fromEntries(entries.slice(-targetsRemembered));
}
