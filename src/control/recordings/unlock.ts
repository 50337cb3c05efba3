import { SallyportError } from '../../shared/errors/result.ts';
import type { KeyedStream } from '../../shared/model/recording.ts';
import type { WireHead } from '../../shared/record/wire.ts';
import type { Actor } from '../actor.ts';
import type { Broker } from '../broker/broker.ts';
import type { CoreContext } from '../context.ts';
import { findReadable } from './read.ts';
import { waitForWireMs } from './receipts.ts';

/**
 * One stream's identity, sealed to the caller's replay process; audited with its purpose before it leaves. Throws SP-3001, SP-3031 (no access rule, or
 * the key was erased), SP-5001 (no such recipient), SP-5006.
 */
export async function unlockStream(
  parts: {
    core: CoreContext;
    broker: Broker;
    /** Signs for what is kept of the wire now (receipts.ts). */
    commit(sessionId: string, waitMs: number): Promise<WireHead | null>;
  },
  actor: Actor,
  request: { sessionId: string; stream: KeyedStream; purpose: string; recipient: string },
): Promise<string> {
  const { core, broker, commit } = parts;
  const { sessionId, stream, purpose, recipient } = request;
  const { resource, session } = await findReadable(core, actor, sessionId, 'ReadRecording');
  const decision = await core.policy.decide(actor, { action: 'UnlockRecording', resource, context: { stream } });
  const detail = { stream, purpose, policies: decision.policies };
  if (!decision.allowed) {
    await core.audit.record({ event: 'recording.unlock-refused', actor: actor.userId, subject: sessionId, detail });
    throw new SallyportError(
      'SP-3031',
      `No access rule lets you open the ${stream} of this recording. Ask someone whose role may, and say what for.`,
      {
        facts: { stream },
      },
    );
  }
  const key = await core.reader
    .selectFrom('stream_keys')
    .select('wrapped')
    .where('session_id', '=', sessionId)
    .where('stream', '=', stream)
    .executeTakeFirst();
  if (key === undefined) {
    throw new SallyportError(
      'SP-3031',
      `The key of this recording's ${stream} was erased. Only the break-glass key opens it now.`,
      { facts: { stream } },
    );
  }
  // Before the key goes out: whoever has it could make another wire that it opens, so what the wire was by now is signed for and said first.
  const wire = await commit(sessionId, waitForWireMs(session));
  const sealed = await broker
    .sealStreamKey({ sessionId, stream, wrapped: key.wrapped, recipient })
    .catch((error: unknown) => {
      if (error instanceof SallyportError) throw error;
      throw new SallyportError(
        'SP-5001',
        'The recipient is not an age key, so nothing was unlocked. Open the recording again.',
      );
    });
  await core.audit.record({
    event: 'recording.unlocked',
    actor: actor.userId,
    subject: sessionId,
    detail: { ...detail, device: actor.device?.id ?? null, wire },
  });
  return sealed;
}
