import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { SallyportError } from '../../shared/errors/result.ts';
import type { findingBodySchema, Notes, reviewApi } from '../../shared/protocol/review-api.ts';
import type { Actor } from '../actor.ts';
import { byOf, type PutBeside, putBeside } from './put-beside.ts';

const findingsAtMost = 1000;
const right = { action: 'ReviewRecording', to: 'write findings about this recording' } as const;

/** Throws SP-3001, SP-5003, SP-5005. */
export function addFinding(
  parts: PutBeside,
  actor: Actor,
  sessionId: string,
  { atMs, ...said }: z.output<typeof findingBodySchema>,
): Promise<Notes> {
  return putBeside(parts, actor, { sessionId, right }, async (trx) => {
    const { count } = await trx
      .selectFrom('recording_findings')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('session_id', '=', sessionId)
      .executeTakeFirstOrThrow();
    if (Number(count) >= findingsAtMost)
      throw new SallyportError(
        'SP-5005',
        `This recording has ${findingsAtMost} findings, which is as many as it takes. Nothing was added.`,
      );
    const id = randomUUID();
    const row = { id, session_id: sessionId, at_ms: atMs, ...said, state: 'open' as const, ...byOf(actor) };
    await trx
      .insertInto('recording_findings')
      .values({ ...row, at: parts.core.clock.now(), changed_by: null, changed_by_name: null })
      .execute();
    return {
      event: 'recording.finding-written',
      detail: { finding: id, atMs, title: said.title, severity: said.severity },
    };
  });
}

/** Whoever may write findings may change them; who did stays beside it. Throws SP-3001, SP-5002, SP-5003. */
export function changeFinding(
  parts: PutBeside,
  actor: Actor,
  of: { sessionId: string; findingId: string },
  changes: z.output<typeof reviewApi.changeFinding.body>,
): Promise<Notes> {
  const { sessionId, findingId } = of;
  return putBeside(parts, actor, { sessionId, right }, async (trx) => {
    const found = await trx
      .selectFrom('recording_findings')
      .selectAll()
      .where('id', '=', findingId)
      .where('session_id', '=', sessionId)
      .executeTakeFirst();
    if (found === undefined)
      throw new SallyportError('SP-5002', 'There is no such finding about this recording. Load its notes again.');
    const names = (['title', 'note', 'severity', 'state'] as const).filter(
      (name) => changes[name] !== undefined && changes[name] !== found[name],
    );
    if (names.length === 0) return null;
    const { title = found.title, note = found.note, severity = found.severity, state = found.state } = changes;
    await trx
      .updateTable('recording_findings')
      .set({
        title,
        note,
        severity,
        state,
        changed_by: actor.userId,
        changed_by_name: actor.name,
        changed_at: parts.core.clock.now(),
      })
      .where('id', '=', findingId)
      .execute();
    // What it was stays readable: nobody turns a finding into another one without a trace.
    const before = Object.fromEntries(names.map((name) => [name, found[name]]));
    return { event: 'recording.finding-changed', detail: { finding: findingId, title, severity, state, before } };
  });
}
