import { signLogin } from '../live/login-signature.ts';
import { defineRoute } from './route.ts';

export const loginSignature = defineRoute('loginSignature', async (context, { actor, params, body }) => {
  const { broker, leases } = context.services;
  const parts = { core: context, broker, cutAt: leases.cutAt };
  return { signature: await signLogin(parts, actor, params.sessionId, body) };
});
