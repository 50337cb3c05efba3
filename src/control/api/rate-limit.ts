/** How many askers are remembered; beyond it the one who asked longest ago is forgotten. */
const keysAtMost = 20_000;

export interface RateLimit {
  /** Counts one request of `key`. Null when it may pass, else the whole seconds after which the next one may. `nowMs`: monotonic. */
  take(key: string, nowMs: number): number | null;
  /** Takes back the count of one request that passed. */
  giveBack(key: string): void;
}

/**
 * So many requests a minute for each key: `atOnce` of them together (all, when absent), then one for each that has grown back since (a token bucket). A
 * refused request takes nothing, so whoever waits as long as told is heard.
 */
export function makeRateLimit(options: { perMinute: number; atOnce?: number }): RateLimit {
  const { perMinute } = options;
  const most = Math.max(1, Math.min(perMinute, options.atOnce ?? perMinute));
  const perMs = perMinute / 60_000;
  const buckets = new Map<string, { left: number; at: number }>();
  return {
    take(key, nowMs) {
      const known = buckets.get(key);
      const left = known === undefined ? most : Math.min(most, known.left + (nowMs - known.at) * perMs);
      const passes = left >= 1;
      buckets.delete(key);
      buckets.set(key, { left: passes ? left - 1 : left, at: nowMs });
      const oldest = buckets.keys().next().value;
      if (buckets.size > keysAtMost && oldest !== undefined) buckets.delete(oldest);
      return passes ? null : Math.max(1, Math.ceil((1 - left) / perMs / 1000));
    },
    giveBack(key) {
      const known = buckets.get(key);
      if (known !== undefined) known.left = Math.min(most, known.left + 1);
    },
  };
}
