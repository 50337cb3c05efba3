import { type Problem, SallyportError } from '../shared/errors/result.ts';

interface Answer {
  id: number;
  problem: Problem | null;
}

const answerTimeoutMs = 15_000;

/** Questions to the broker that go by way of the owner, each with a number that its answer names. */
export interface BrokerQuestions<A extends Answer> {
  /** Calls `send` with a new number and resolves with the answer to it. Rejects with the broker's problem, or SP-2041 after 15 s. */
  ask(send: (id: number) => void): Promise<A>;
  answer(message: A): void;
}

/** `what`, in words: "a login signature". */
export function makeBrokerQuestions<A extends Answer>(what: string): BrokerQuestions<A> {
  let nextId = 1;
  const waiting = new Map<number, (message: A | null) => void>();

  return {
    async ask(send) {
      const id = nextId;
      nextId += 1;
      const answered = Promise.withResolvers<A | null>();
      waiting.set(id, answered.resolve);
      const timer = setTimeout(() => answered.resolve(null), answerTimeoutMs);
      send(id);
      const message = await answered.promise;
      clearTimeout(timer);
      waiting.delete(id);
      if (message === null)
        throw new SallyportError(
          'SP-2041',
          `The control server did not answer the request for ${what}. Try again; if it stays, ask your administrator.`,
        );
      if (message.problem === null) return message;
      const { code, message: words, facts } = message.problem;
      throw new SallyportError(code, words, facts === undefined ? {} : { facts });
    },
    answer: (message) => waiting.get(message.id)?.(message),
  };
}

/** An answer that has neither what was asked for nor a problem: SP-2041. */
export function emptyAnswer(what: string): SallyportError {
  return new SallyportError(
    'SP-2041',
    `The control server gave no ${what}. Try again; if it stays, ask your administrator.`,
  );
}
