/** One bar of the timeline: shares of the tallest, 0 to 1. */
export interface Bar {
  output: number;
  input: number;
}

export interface Idle {
  fromMs: number;
  toMs: number;
}

type Activity = readonly { output: number; input: number }[];

/**
 * Activity in `count` bars. Heights grow slower than bytes: a flood must not flatten the keystrokes beside it. Pure.
 */
export function barsOf(activity: Activity, count: number): Bar[] {
  if (activity.length === 0 || count <= 0) return [];
  const sums = Array.from({ length: count }, () => ({ output: 0, input: 0 }));
  activity.forEach((slice, index) => {
    const first = Math.floor((index * count) / activity.length);
    const last = Math.max(first, Math.ceil(((index + 1) * count) / activity.length) - 1);
    const share = last - first + 1;
    for (let bar = first; bar <= last; bar += 1) {
      const sum = sums[bar];
      if (sum === undefined) continue;
      sum.output += slice.output / share;
      sum.input += slice.input / share;
    }
  });
  const height = (count: number) => count ** 0.4;
  const scale = (of: 'output' | 'input') => height(Math.max(1, ...sums.map((sum) => sum[of])));
  const output = scale('output');
  const input = scale('input');
  return sums.map((sum) => ({ output: height(sum.output) / output, input: height(sum.input) / input }));
}

/** Stretches without output and input that are worth showing: at least 10 s and a twentieth of the whole. Pure. */
export function idleStretches(activity: Activity, durationMs: number): Idle[] {
  const sliceMs = durationMs / Math.max(1, activity.length);
  const shortest = Math.max(10_000, durationMs / 20);
  const found: Idle[] = [];
  let from: number | null = null;
  for (let index = 0; index <= activity.length; index += 1) {
    const slice = activity[index];
    const quiet = slice !== undefined && slice.output === 0 && slice.input === 0;
    if (quiet && from === null) from = index;
    if (!quiet && from !== null) {
      if ((index - from) * sliceMs >= shortest) found.push({ fromMs: from * sliceMs, toMs: index * sliceMs });
      from = null;
    }
  }
  return found;
}

/** Round times for the scale, about one per 110 px. Pure. */
export function scaleTimes(durationMs: number, width: number): number[] {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400].map(
    (seconds) => seconds * 1000,
  );
  const wanted = durationMs / Math.max(1, width / 110);
  const step = steps.find((candidate) => candidate >= wanted) ?? 14_400_000;
  return Array.from({ length: Math.floor(durationMs / step) + 1 }, (_, index) => index * step);
}
