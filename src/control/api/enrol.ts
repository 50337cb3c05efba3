import { createPublicKey, randomUUID } from 'node:crypto';
import { publicKeyLine } from '../../recording/signatures/keys.ts';
import { SallyportError } from '../../shared/errors/result.ts';
import { normaliseCode } from '../../shared/protocol/invite.ts';
import { requireProof } from '../identity/authenticate.ts';
import type { Proof } from '../identity/dpop.ts';
import { defineRoute } from './route.ts';

function refusal(why: string): SallyportError {
  return new SallyportError('SP-1002', `${why} Ask your administrator for a new invite: sallyport invite.`);
}

function lineOfJwk(jwk: Proof['jwk']): string {
  return publicKeyLine(createPublicKey({ key: { ...jwk }, format: 'jwk' }));
}

export const enrol = defineRoute(
  'enrol',
  async (context, { body, request }) => {
    const proof = await requireProof(context, request);
    if (proof.jwk.x !== body.publicKey.x || proof.jwk.y !== body.publicKey.y) {
      throw new SallyportError(
        'SP-1006',
        'The proof is by another key than the one to enrol. Start the enrolment again.',
      );
    }
    const code = normaliseCode(body.code);
    const now = context.clock.now();
    const id = randomUUID();
    const outcome = await context.writer.transaction().execute(async (transaction) => {
      const userId = code === null ? null : await context.invites.take(transaction, code, now);
      if (userId === null) return null;
      const person = await transaction
        .selectFrom('people')
        .select(['id', 'name'])
        .where('id', '=', userId)
        .where('removed_at', 'is', null)
        .executeTakeFirst();
      const organisation = await transaction
        .selectFrom('organisation')
        .select(['name', 'device_key'])
        .executeTakeFirst();
      if (person === undefined || organisation === undefined) return null;
      const row = {
        id,
        user_id: userId,
        name: body.deviceName,
        thumbprint: proof.thumbprint,
        public_key: lineOfJwk(proof.jwk),
        enrolled_at: now,
      };
      const added = await transaction
        .insertInto('devices')
        .values(row)
        .onConflict((conflict) => conflict.column('thumbprint').doNothing())
        .executeTakeFirst();
      if (added.numInsertedOrUpdatedRows !== 1n) throw refusal('This device key was enrolled before.');
      const line = await context.audit.recordWithin(transaction, {
        event: 'device.enrolled',
        actor: userId,
        subject: id,
        detail: { name: body.deviceName, thumbprint: proof.thumbprint },
      });
      return { person, organisation, line };
    });
    if (outcome === null) {
      await context.audit.record({
        event: 'enrolment.refused',
        actor: 'unknown',
        subject: null,
        detail: { from: request.ip },
      });
      throw refusal('This code is not valid: it is unknown, was used, or is older than ten minutes.');
    }
    context.bus.publish('device-enrolled', { id, thumbprint: proof.thumbprint });
    await outcome.line();
    return {
      device: { id, name: body.deviceName },
      user: { id: outcome.person.id, name: outcome.person.name },
      organisation: outcome.organisation.name,
      serverKey: context.signer.publicKey,
      deviceKey: outcome.organisation.device_key,
    };
  },
  { enrols: true },
);
