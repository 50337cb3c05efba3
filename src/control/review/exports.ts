import { SallyportError } from '../../shared/errors/result.ts';
import type { Actor } from '../actor.ts';
import type { CoreContext } from '../context.ts';
import { findReadable } from '../recordings/read.ts';

/** Writes down that a readable copy is about to be made outside of the store. Throws SP-3001, and SP-3031 for who may not open the output anyway. */
export async function noteExport(
  core: CoreContext,
  actor: Actor,
  sessionId: string,
  said: { format: 'asciicast' | 'transcript'; purpose: string },
): Promise<void> {
  const { resource } = await findReadable(core, actor, sessionId);
  const context = { stream: 'output' as const };
  const decision = await core.policy.decide(actor, { action: 'UnlockRecording', resource, context });
  if (!decision.allowed) {
    const detail = { ...context, ...said, policies: decision.policies };
    await core.audit.record({ event: 'recording.unlock-refused', actor: actor.userId, subject: sessionId, detail });
    throw new SallyportError(
      'SP-3031',
      'No access rule lets you open the output of this recording, so no copy of it was made. Ask someone whose role may, and say what for.',
      { facts: { stream: 'output' } },
    );
  }
  await core.audit.record({
    event: 'recording.exported',
    actor: actor.userId,
    subject: sessionId,
    detail: { ...said, device: actor.device?.id ?? null },
  });
}
