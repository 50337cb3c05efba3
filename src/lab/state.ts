import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { LabError } from './lab-error.ts';
import { isAlive } from './processes.ts';

/** What one start tells the next. */
const factsSchema = z.object({
  version: z.literal(0),
  ports: z.object({
    control: z.number(),
    web: z.number(),
    edge: z.number(),
    down: z.number(),
    // Targets that earlier labs did not have.
    switch: z.number().optional(),
    legacy: z.number().optional(),
  }),
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

const runningSchema = z.object({ pid: z.number(), started: z.string() });
type RunningLab = z.infer<typeof runningSchema>;

/** When a process started, in the kernel's ticks since boot (proc_pid_stat(5), field 22): a number that is given to another process later does not count. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function readRunning(file: string): RunningLab | null {
  try {
    return runningSchema.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data ?? null;
  } catch {
    return null;
  }
}

/** Takes the lab for `pid`, which is this process. Throws `LabError` when another one runs it. Returns what gives it back. */
export function takeLab(file: string, pid = process.pid): () => void {
  const other = readRunning(file);
  if (other !== null && other.pid !== pid && isAlive(other.pid) && startOf(other.pid) === other.started) {
    throw new LabError(`The lab in ${path.dirname(file)} runs already (process ${other.pid}).`, 'Stop it first.');
  }
  rmSync(file, { force: true });
  // `wx`: of two that start at once, one fails.
  writeFileSync(file, `${JSON.stringify({ pid, started: startOf(pid) } satisfies RunningLab)}\n`, { flag: 'wx' });
  return () => rmSync(file, { force: true });
}
