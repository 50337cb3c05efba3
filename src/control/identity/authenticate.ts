import type { FastifyRequest } from 'fastify';
import { SallyportError } from '../../shared/errors/result.ts';
import type { ApiMethod } from '../../shared/protocol/control-api.ts';
import type { Actor } from '../actor.ts';
import type { CoreContext } from '../context.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before the body is read; null where nobody has to be known. */
    actor: Actor | null;
  }
}

/** Who asks. Throws SP-1005, SP-1006, SP-5011 or SP-5003. */
export async function authenticate(
  _context: CoreContext,
  _request: FastifyRequest,
  auth: ApiMethod['auth'],
): Promise<Actor | null> {
  if (auth === 'none') return null;
  throw new SallyportError('SP-5011', 'not yet');
}
