import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { waitUntil } from './wait.ts';

/** A line of the control server's relay.log (docs/architecture.md): written by the relay when it happens, read here from the file alone. */
const lineSchema = z.object({
  at: z.string(),
  event: z.enum(['open', 'closed', 'refused']),
  sessionId: z.string(),
  targetAddress: z.string().nullish(),
  bytesToTarget: z.number().nullish(),
  bytesFromTarget: z.number().nullish(),
  why: z.string().nullish(),
  orderId: z.string().nullish(),
  /** Milliseconds from the order's acceptance to the socket to the target being closed. */
  ms: z.number().nullish(),
});
export type RelayLine = z.infer<typeof lineSchema>;

export interface RelayLog {
  /** A place to look from: what comes later is new. */
  mark(): number;
  linesSince(mark: number): RelayLine[];
  waitFor(mark: number, wanted: (line: RelayLine) => boolean, limitMs: number): Promise<RelayLine | null>;
}

export function readRelayLog(dataFolder: string): RelayLog {
  const file = path.join(dataFolder, 'relay.log');
  function linesSince(mark: number): RelayLine[] {
    if (!existsSync(file)) return [];
    const text = readFileSync(file).subarray(mark).toString('utf8');
    // The last piece may be half a line.
    return text
      .split('\n')
      .slice(0, -1)
      .flatMap((line) => lineSchema.safeParse(JSON.parse(line)).data ?? []);
  }
  return {
    mark: () => (existsSync(file) ? statSync(file).size : 0),
    linesSince,
    waitFor: (mark, wanted, limitMs) => waitUntil(() => linesSince(mark).find(wanted) ?? null, limitMs),
  };
}
