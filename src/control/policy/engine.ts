import { Worker } from 'node:worker_threads';
import { SallyportError } from '../../shared/errors/result.ts';
import { DecisionCache } from './decision-cache.ts';
import { toCedar } from './entities.ts';
import type { Decision, PolicyActor, PolicyControl, PolicyRequest, PolicyText } from './policy.ts';
import type { FromWorker, ToWorker } from './worker-protocol.ts';

const denied: Decision = { allowed: false, policies: [] };
/** An evaluation takes 0.06 ms; one that takes this long never ends. */
const answerWithinMs = 10_000;
/** Questions per message: a long list lets others through between its parts. */
const batchSize = 250;

export interface PolicyEngineOptions {
  /** Told when the worker died; the engine has already started another and denied what was pending. */
  onCrash(problem: string): void;
  /** For tests: the worker's file. */
  workerFile?: URL;
}

interface Pending {
  settle(answer: FromWorker | null): void;
}

/** The built server has the worker beside it as .mjs; from source it is the .ts beside this file. */
function workerFile(): URL {
  const name = import.meta.url.endsWith('.ts') ? './policy-worker.ts' : './policy-worker.mjs';
  return new URL(name, import.meta.url);
}

/** Decides by Cedar in a worker thread; denies by default, and whenever the worker cannot answer. */
export class PolicyEngine implements PolicyControl {
  readonly #options: PolicyEngineOptions;
  readonly #cache = new DecisionCache();
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | null = null;
  #policies: PolicyText[] = [];
  #nextId = 1;
  #closed = false;
  /** Deaths in a row without an answer between them. */
  #deaths = 0;

  constructor(options: PolicyEngineOptions) {
    this.#options = options;
    this.#start();
  }

  setPolicies(policies: readonly PolicyText[]): void {
    this.#policies = [...policies];
    this.#cache.clear();
    this.#post({ type: 'policies', policies: this.#policies });
  }

  async validate(policies: readonly PolicyText[]): Promise<void> {
    const answer = await this.#ask((id) => ({ type: 'validate', id, policies: [...policies] }));
    if (answer?.type !== 'validated') {
      throw new SallyportError(
        'SP-5008',
        'The policies could not be checked, because the evaluation stopped. Nothing was changed. Try again.',
      );
    }
    if (answer.problems.length === 0) return;
    const shown = answer.problems.slice(0, 5).join('\n  ');
    throw new SallyportError(
      'SP-5008',
      `A policy does not fit. Nothing was changed. Correct it and apply again:\n  ${shown}`.slice(0, 1900),
    );
  }

  async decide(actor: PolicyActor, request: PolicyRequest): Promise<Decision> {
    const [decision] = await this.decideMany(actor, [request]);
    return decision ?? denied;
  }

  async decideMany(actor: PolicyActor, requests: readonly PolicyRequest[]): Promise<readonly Decision[]> {
    const known = this.#cache.forPerson(actor);
    const keys = requests.map((request) => JSON.stringify(request));
    const decisions = keys.map((key) => known.get(key));
    const open = [...decisions.keys()].filter((index) => decisions[index] === undefined);
    for (let start = 0; start < open.length; start += batchSize) {
      const part = open.slice(start, start + batchSize);
      const questions = part.map((index) => toCedar(actor, requests[index] as PolicyRequest));
      const answer = await this.#ask((id) => ({ type: 'decide', id, questions }));
      const found = answer?.type === 'decided' ? answer.decisions : [];
      for (const [position, index] of part.entries()) {
        const decision = found[position] ?? null;
        decisions[index] = decision ?? denied;
        if (decision !== null) known.set(keys[index] as string, decision);
      }
    }
    return decisions.map((decision) => decision ?? denied);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#denyPending();
    await this.#worker?.terminate();
    this.#worker = null;
  }

  #start(): void {
    const worker = new Worker(this.#options.workerFile ?? workerFile());
    this.#worker = worker;
    worker.on('message', (message: FromWorker) => {
      if (message.type === 'policies-loaded') {
        if (message.error !== null) this.#options.onCrash(`policies were not loaded: ${message.error}`);
        return;
      }
      this.#deaths = 0;
      this.#pending.get(message.id)?.settle(message);
    });
    // `error` and `exit` both come after a crash; whichever is first replaces the worker.
    worker.on('error', (error) => this.#replace(worker, String(error)));
    worker.on('exit', () => this.#replace(worker, 'exited'));
    worker.unref();
    this.#post({ type: 'policies', policies: this.#policies });
  }

  #replace(worker: Worker, problem: string): void {
    if (this.#closed || this.#worker !== worker) return;
    this.#worker = null;
    this.#denyPending();
    void worker.terminate();
    this.#deaths += 1;
    // At once the first time. One that dies again and again is not spun in a loop; meanwhile everything is denied.
    if (this.#deaths === 1) this.#start();
    else setTimeout(() => this.#startAgain(), Math.min(5000, 200 * this.#deaths)).unref();
    this.#options.onCrash(problem);
  }

  #startAgain(): void {
    if (!this.#closed && this.#worker === null) this.#start();
  }

  #denyPending(): void {
    for (const pending of [...this.#pending.values()]) pending.settle(null);
  }

  #post(message: ToWorker): void {
    this.#worker?.postMessage(message);
  }

  #ask(make: (id: number) => ToWorker): Promise<FromWorker | null> {
    const worker = this.#worker;
    if (this.#closed || worker === null) return Promise.resolve(null);
    const id = this.#nextId++;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#replace(worker, 'did not answer'), answerWithinMs);
      timer.unref();
      const settle = (answer: FromWorker | null): void => {
        clearTimeout(timer);
        this.#pending.delete(id);
        resolve(answer);
      };
      this.#pending.set(id, { settle });
      this.#post(make(id));
    });
  }
}
