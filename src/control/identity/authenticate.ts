import type { FastifyRequest } from 'fastify';
import { SallyportError } from '../../shared/errors/result.ts';
import type { ApiMethod } from '../../shared/protocol/control-api.ts';
import type { Actor } from '../actor.ts';
import type { CoreContext } from '../context.ts';
import { type Proof, verifyProof } from './dpop.ts';
import { findDevice, findPerson, isEmpty } from './people.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before the body is read; null where nobody has to be known. */
    actor: Actor | null;
  }
}

/** Lets a few strangers at a time through to what costs something. */
export interface Turns {
  forStranger<T>(request: FastifyRequest, work: () => Promise<T>): Promise<T>;
}

/**
 * Who asks: the person whose device made the proof, or, on the local socket, the person named in `sallyport-actor`. Throws SP-1005 for a device
 * that is not (or no longer) enrolled, SP-1006 for a proof, SP-5011 for an unknown actor, SP-5003 when the method is not theirs.
 */
export async function authenticate(
  context: CoreContext,
  request: FastifyRequest,
  auth: ApiMethod['auth'],
  turns: Turns,
): Promise<Actor | null> {
  if (auth === 'none') return null;
  if (context.origins.isLocal(request.raw.socket)) return authenticateLocal(context, request, auth);
  if (auth === 'local') {
    throw new SallyportError(
      'SP-5003',
      "This is done on the server's own machine only. Run the command there, over the socket in its data folder.",
    );
  }
  // The signature first, then one read; only what a known device signed may write.
  const proof = await checkProof(context, request);
  const device = await turns.forStranger(request, () => findDevice(context.reader, proof.thumbprint));
  if (device === null) {
    throw new SallyportError(
      'SP-1005',
      'This device is not enrolled here. Ask your administrator for an invite and enrol it.',
    );
  }
  const person = device.revoked ? null : await findPerson(context.reader, device.userId);
  if (person === null) {
    throw new SallyportError(
      'SP-1005',
      'This device has lost its access. Ask your administrator; a new invite enrols it again.',
    );
  }
  await spendProof(context, proof);
  return { ...person, device: { id: device.id, name: device.name, publicKey: device.publicKey }, via: 'device' };
}

/** The request's proof, checked and used up. Throws SP-1006. */
export async function requireProof(context: CoreContext, request: FastifyRequest): Promise<Proof> {
  const proof = await checkProof(context, request);
  await spendProof(context, proof);
  return proof;
}

function checkProof(context: CoreContext, request: FastifyRequest): Promise<Proof> {
  const header = request.headers.dpop;
  const path = request.url.split('?', 1)[0] ?? '';
  const urls = context.origins.https().map((origin) => `${origin}${path}`);
  const now = context.clock.now();
  // Two DPoP headers come as one text with a comma, which is not a proof.
  return verifyProof(typeof header === 'string' ? header : undefined, {
    method: request.method,
    urls,
    now,
  });
}

async function spendProof(context: CoreContext, proof: Proof): Promise<void> {
  if (!(await context.replayGuard.firstUse(proof, context.clock.now()))) {
    throw new SallyportError(
      'SP-1006',
      'The proof of this device was used before. Each request needs a new one; try again.',
    );
  }
}

async function authenticateLocal(
  context: CoreContext,
  request: FastifyRequest,
  auth: 'device' | 'local',
): Promise<Actor> {
  const header = request.headers['sallyport-actor'];
  const id = typeof header === 'string' ? header : '';
  if (id === '')
    throw new SallyportError(
      'SP-5011',
      'Nobody is named. Say who acts: --as PERSON, or SALLYPORT_ACTOR in the environment.',
    );
  const person = await findPerson(context.reader, id);
  if (person !== null) {
    const actor: Actor = { ...person, device: null, via: 'socket' };
    // Known from here on, also to the audit of a refusal.
    request.actor = actor;
    if (auth === 'local' && !(await mayAdminister(context, actor))) {
      throw new SallyportError('SP-5003', `${person.name} may not do this. It needs the role engineer.`);
    }
    return actor;
  }
  // Before the first apply nobody can be known: whoever holds the socket makes the first people.
  if (auth === 'local' && request.routeOptions.url === '/v1/apply' && (await isEmpty(context.reader))) {
    return { userId: id, name: id, roles: ['engineer'], groups: [], device: null, via: 'socket' };
  }
  throw new SallyportError('SP-5011', `Nobody here has the id "${id.slice(0, 64)}". Name a person of the last apply.`);
}

/** Engineers always; others where a policy permits Administer. */
export async function mayAdminister(context: CoreContext, actor: Actor): Promise<boolean> {
  return actor.roles.includes('engineer') || (await context.policy.decide(actor, { action: 'Administer' })).allowed;
}
