/**
 * How long to wait before try number `attempt` (0 is the first retry): doubles from 500 ms to 30 s, with full jitter on the upper half so that
 * a thousand launchers do not come back in one breath. `random` in [0, 1).
 */
export function retryDelayMs(attempt: number, random: number): number {
  const ceiling = Math.min(30_000, 500 * 2 ** Math.min(attempt, 10));
  return Math.round(ceiling / 2 + (ceiling / 2) * random);
}
