import { SallyportError } from '../../shared/errors/result.ts';
import { encodeInvite, formatCode } from '../../shared/protocol/invite.ts';
import { findPerson } from '../identity/people.ts';
import { defineRoute } from './route.ts';

export const invite = defineRoute('invite', async (context, { actor, body }) => {
  const person = await findPerson(context.reader, body.userId);
  if (person === null) {
    throw new SallyportError(
      'SP-5002',
      `Nobody here has the id "${body.userId.slice(0, 64)}". Add them to the document and apply it first.`,
    );
  }
  const { code, expiresAt } = await context.invites.create({
    userId: person.userId,
    createdBy: actor.userId,
    now: context.clock.now(),
  });
  await context.audit.record({
    event: 'invite.created',
    actor: actor.userId,
    subject: person.userId,
    detail: { expiresAt: expiresAt.toISOString() },
  });
  const address = context.origins.https()[0] ?? '';
  return {
    code: formatCode(code),
    invite: encodeInvite({ v: 0, address, trustRoot: context.trustRoot, code }),
    expiresAt: expiresAt.toISOString(),
  };
});
