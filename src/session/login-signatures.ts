import { SallyportError } from '../shared/errors/result.ts';
import type { OwnerToSession, SessionToOwner } from '../shared/protocol/session-control.ts';
import type { ExchangeProof } from '../ssh/ssh2-internals.ts';

type Answer = Extract<OwnerToSession, { type: 'login-signature-answer' }>;

const answerTimeoutMs = 15_000;

/** Asks the broker, through the owner, for the one signature of this session's login. */
export interface LoginSignatures {
  /** Rejects with the broker's problem or SP-2041. */
  ask(proof: ExchangeProof, toSign: Uint8Array): Promise<Uint8Array>;
  answer(message: Answer): void;
}

export function makeLoginSignatures(send: (message: SessionToOwner) => void): LoginSignatures {
  let nextId = 1;
  const waiting = new Map<number, (message: Answer | null) => void>();

  return {
    async ask(proof, toSign) {
      const id = nextId;
      nextId += 1;
      const answered = Promise.withResolvers<Answer | null>();
      waiting.set(id, answered.resolve);
      const timer = setTimeout(() => answered.resolve(null), answerTimeoutMs);
      send({
        type: 'login-signature',
        id,
        sshSessionId: proof.sessionId.toString('base64'),
        hostKey: proof.hostKey.toString('base64'),
        hostSignature: proof.hostSignature.toString('base64'),
        toSign: Buffer.from(toSign).toString('base64'),
      });
      const message = await answered.promise;
      clearTimeout(timer);
      waiting.delete(id);
      if (message === null)
        throw new SallyportError(
          'SP-2041',
          'The control server did not answer the request for a login signature. Try again; if it stays, ask your administrator.',
        );
      if (message.problem !== null)
        throw new SallyportError(
          message.problem.code,
          message.problem.message,
          message.problem.facts === undefined ? {} : { facts: message.problem.facts },
        );
      if (message.signature === null)
        throw new SallyportError(
          'SP-2041',
          'The control server gave no login signature. Try again; if it stays, ask your administrator.',
        );
      return Buffer.from(message.signature, 'base64');
    },
    answer: (message) => waiting.get(message.id)?.(message),
  };
}
