import { sealPassword } from '../live/sealed-password.ts';
import { defineRoute } from './route.ts';

export const sealedPassword = defineRoute('sealedPassword', async (context, { actor, params, body }) => {
  const { leases, relay } = context.services;
  await leases.know(params.sessionId);
  const parts = { core: context, cutAt: leases.cutAt, takeCarried: relay.takeCarried };
  return { sealed: await sealPassword(parts, actor, params.sessionId, body) };
});
