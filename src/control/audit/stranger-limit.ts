const windowMs = 60_000;
const perWindow = 60;
const maxNetworks = 2000;

export interface StrangerLimit {
  /** Whether an event caused by this network may be recorded now; with how many were left out since the last one that was. */
  admit(network: string, nowMs: number): { record: boolean; leftOut: number };
}

/**
 * People who cannot prove who they are must not fill the audit: of each network one event a second is recorded on average, the others are
 * counted and the count goes into the next one. `nowMs`: monotonic.
 */
export function createStrangerLimit(): StrangerLimit {
  const networks = new Map<string, { since: number; recorded: number; leftOut: number }>();
  return {
    admit(network, nowMs) {
      const known = networks.get(network);
      const fresh = known === undefined || nowMs - known.since >= windowMs;
      const entry = fresh ? { since: nowMs, recorded: 0, leftOut: known?.leftOut ?? 0 } : known;
      networks.delete(network);
      networks.set(network, entry);
      const oldest = networks.keys().next().value;
      if (networks.size > maxNetworks && oldest !== undefined) networks.delete(oldest);
      if (entry.recorded >= perWindow) {
        entry.leftOut += 1;
        return { record: false, leftOut: 0 };
      }
      entry.recorded += 1;
      const { leftOut } = entry;
      entry.leftOut = 0;
      return { record: true, leftOut };
    },
  };
}
