import type { OwnerToSession, SessionToOwner } from '../shared/protocol/session-control.ts';
import type { ExchangeProof } from '../ssh/ssh2-internals.ts';
import { emptyAnswer, makeBrokerQuestions } from './broker-questions.ts';

type Answer = Extract<OwnerToSession, { type: 'login-signature-answer' }>;

/** Asks the broker, through the owner, for the one signature of this session's login. */
export interface LoginSignatures {
  /** Rejects with the broker's problem or SP-2041. */
  ask(proof: ExchangeProof, toSign: Uint8Array): Promise<Uint8Array>;
  answer(message: Answer): void;
}

export function makeLoginSignatures(send: (message: SessionToOwner) => void): LoginSignatures {
  const questions = makeBrokerQuestions<Answer>('a login signature');
  return {
    async ask(proof, toSign) {
      const { signature } = await questions.ask((id) =>
        send({
          type: 'login-signature',
          id,
          sshSessionId: proof.sessionId.toString('base64'),
          hostKey: proof.hostKey.toString('base64'),
          hostSignature: proof.hostSignature.toString('base64'),
          toSign: Buffer.from(toSign).toString('base64'),
        }),
      );
      if (signature === null) throw emptyAnswer('login signature');
      return Buffer.from(signature, 'base64');
    },
    answer: questions.answer,
  };
}
