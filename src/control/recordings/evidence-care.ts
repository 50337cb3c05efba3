import { type SampleParts, sampleEvidence } from './evidence-sample.ts';
import type { ObjectStore } from './object-store.ts';
import { releaseWires } from './wire-release.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

export interface EvidenceCare {
  /** Ends a look that is under way; resolves when it has ended. */
  close(): Promise<void>;
}

/** Releases wires every hour, and looks at a sample of the evidence once a day and an hour after a start: a server that is started daily looks too. */
export function startEvidenceCare(parts: SampleParts & { store: ObjectStore }): EvidenceCare {
  const { core, store } = parts;
  let work: Promise<void> = Promise.resolve();
  function run(what: string, job: () => Promise<unknown>): void {
    work = work
      .then(job)
      .then(() => undefined)
      .catch((error: unknown) => core.log.error({ err: error }, what));
  }
  const stop = new AbortController();
  let hours = 0;
  const timer = setInterval(() => {
    run('wires could not be released', () => releaseWires(core, store));
    if (hours % (dayMs / hourMs) === 0)
      run('no evidence could be looked at', () => sampleEvidence({ ...parts, signal: stop.signal }));
    hours += 1;
  }, hourMs);
  timer.unref();
  return {
    async close() {
      clearInterval(timer);
      stop.abort();
      await work;
    },
  };
}
