import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { LabError } from './lab-error.ts';
import { isAlive } from './processes.ts';

/** What one start tells the next. */
const factsSchema = z.object({
  version: z.literal(0),
  ports: z.object({ control: z.number(), web: z.number(), edge: z.number(), down: z.number() }),
  /** SHA-256 of the world as it was last applied. */
  applied: z.string().nullable(),
  /** Whether the first recordings have been made. */
  seeded: z.boolean(),
});
export type LabFacts = z.infer<typeof factsSchema>;

/** Null for a new lab, and for one whose facts another version wrote. */
export function readFacts(file: string): LabFacts | null {
  if (!existsSync(file)) return null;
  try {
    return factsSchema.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data ?? null;
  } catch {
    return null;
  }
}

export function writeFacts(file: string, facts: LabFacts): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(facts, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}

const runningSchema = z.object({ pid: z.number() });

/** Takes the lab for this process. Throws `LabError` when another one runs it. Returns what gives it back. */
export function takeLab(file: string): () => void {
  if (existsSync(file)) {
    const other = runningSchema.safeParse(JSON.parse(readFileSync(file, 'utf8') || 'null')).data;
    if (other !== undefined && other.pid !== process.pid && isAlive(other.pid)) {
      throw new LabError(
        `This lab runs already (process ${other.pid}).`,
        'Stop it, or give another folder with --state DIR.',
      );
    }
    rmSync(file, { force: true });
  }
  // `wx`: of two that start at once, one fails.
  writeFileSync(file, `${JSON.stringify({ pid: process.pid })}\n`, { flag: 'wx' });
  return () => rmSync(file, { force: true });
}
