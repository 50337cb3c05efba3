import { defineRoute } from './route.ts';

export const killSession = defineRoute('killSession', (context, { actor, params, body }) =>
  context.services.orders.kill(actor, params.sessionId, body.reason),
);

export const getOrder = defineRoute('getOrder', (context, { actor, params, query }) =>
  context.services.orders.get(actor, params.orderId, query),
);
