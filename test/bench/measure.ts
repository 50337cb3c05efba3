/** What one bench has found: our values and each peer's of the same run, alternating. */
export interface Measure {
  name: string;
  unit: string;
  ours: number[];
  peers: { name: string; values: number[] }[];
  /** In words, as docs/benchmarks.md has it. */
  goal: string;
  met: boolean | null;
  note?: string;
}

export interface RunOptions {
  /** Fewer and shorter runs: whether it works, and about how much. */
  quick: boolean;
}

export interface Bench {
  /** For `--only`. */
  name: string;
  what: string;
  run(say: (line: string) => void, options: RunOptions): Promise<Measure[]>;
}

export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** Nearest rank; NaN of nothing. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] ?? Number.NaN;
}
