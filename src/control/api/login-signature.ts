import { signLogin } from '../live/login-signature.ts';
import { defineRoute } from './route.ts';

export const loginSignature = defineRoute('loginSignature', async (context, { actor, params, body }) => {
  const { broker, leases, relay } = context.services;
  await leases.know(params.sessionId);
  const parts = { core: context, broker, cutAt: leases.cutAt, takeCarried: relay.takeCarried };
  return { signature: await signLogin(parts, actor, params.sessionId, body) };
});
