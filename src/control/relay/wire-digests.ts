import { Worker } from 'node:worker_threads';

/** Digests of the first `bytes` of each file. `last`: they are not asked for again. */
export interface DigestQuestion {
  id: number;
  files: { path: string; bytes: number }[];
  last: boolean;
}

/** `problem`: what reading or syncing said. */
export interface DigestAnswer {
  id: number;
  digests: string[];
  problem: string | null;
}

/** The disk does not have what was written to it. */
export class NotOnDisk extends Error {}

export interface WireDigests {
  /**
   * Hex SHA-256 of what each file begins with, which is on the disk itself when this resolves. A file that grows is read once. Rejects with `NotOnDisk`, and with
   * another error when the worker is gone: then ask again.
   */
  digests(files: DigestQuestion['files'], last: boolean): Promise<string[]>;
  close(): Promise<void>;
}

/** The built server has the worker beside it as .mjs; from source it is the .ts beside this file. */
function workerFile(): URL {
  const name = import.meta.url.endsWith('.ts') ? './wire-digests-worker.ts' : './wire-digests-worker.mjs';
  return new URL(name, import.meta.url);
}

/** Starts its worker with the first question. */
export function makeWireDigests(): WireDigests {
  const pending = new Map<number, { resolve(digests: string[]): void; reject(error: Error): void }>();
  let worker: Worker | null = null;
  let nextId = 1;

  function start(): Worker {
    const started = new Worker(workerFile());
    started.on('message', ({ id, digests, problem }: DigestAnswer) => {
      const waiting = pending.get(id);
      pending.delete(id);
      if (problem === null) waiting?.resolve(digests);
      else waiting?.reject(new NotOnDisk(problem));
    });
    // 'exit' follows.
    started.on('error', () => undefined);
    started.on('exit', () => {
      worker = null;
      for (const { reject } of pending.values()) reject(new Error('the worker that computes digests ended'));
      pending.clear();
    });
    started.unref();
    return started;
  }

  return {
    digests(files, last) {
      return new Promise((resolve, reject) => {
        const id = nextId;
        nextId += 1;
        pending.set(id, { resolve, reject });
        worker ??= start();
        worker.postMessage({ id, files, last } satisfies DigestQuestion);
      });
    },
    async close() {
      await worker?.terminate();
    },
  };
}
