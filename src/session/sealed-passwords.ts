import type { KeyObject } from 'node:crypto';
import { ageOpen, makeAgeIdentity } from '../recording/codecs/age.ts';
import { signSsh } from '../recording/signatures/sshsig.ts';
import { SallyportError } from '../shared/errors/result.ts';
import type { OwnerToSession, SessionToOwner } from '../shared/protocol/session-control.ts';
import { namespaces, recipientStatement } from '../shared/protocol/signed.ts';
import type { ExchangeProof } from '../ssh/ssh2-internals.ts';
import { emptyAnswer, makeBrokerQuestions } from './broker-questions.ts';

type Answer = Extract<OwnerToSession, { type: 'sealed-password-answer' }>;

/** Gets the password of a sealed login: sealed all the way from the broker to this process, opened here. */
export interface SealedPasswords {
  /** The caller wipes what it gets. Rejects with the broker's problem, or SP-2041. */
  ask(sessionId: string, proof: ExchangeProof): Promise<Uint8Array>;
  answer(message: Answer): void;
}

export function makeSealedPasswords(parts: {
  send(message: SessionToOwner): void;
  /** Certifies the recipient, so that the broker seals to this process and not to whoever asks in its name. */
  sessionKey: KeyObject;
}): SealedPasswords {
  const questions = makeBrokerQuestions<Answer>('the password of this login');
  return {
    async ask(sessionId, proof) {
      // One use, and known to nobody else: who sees the sealed password on its way has nothing.
      const { identity, recipient } = await makeAgeIdentity();
      const recipientSignature = signSsh({
        privateKey: parts.sessionKey,
        namespace: namespaces.recipient,
        message: recipientStatement({ sessionId, recipient }),
      });
      const { sealed } = await questions.ask((id) =>
        parts.send({
          type: 'sealed-password',
          id,
          sshSessionId: proof.sessionId.toString('base64'),
          hostKey: proof.hostKey.toString('base64'),
          hostSignature: proof.hostSignature.toString('base64'),
          recipient,
          recipientSignature,
        }),
      );
      if (sealed === null) throw emptyAnswer('password for this login');
      return ageOpen(Buffer.from(sealed, 'base64'), identity).catch((cause: unknown) => {
        throw new SallyportError(
          'SP-2041',
          'The password that the control server sent does not open in this session. Nothing was logged in. Connect again; if it stays, tell your administrator.',
          { cause },
        );
      });
    },
    answer: questions.answer,
  };
}
