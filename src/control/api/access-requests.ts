import { defineRoute, type Route } from './route.ts';

export const accessRequestRoutes: readonly Route[] = [
  defineRoute('requestAccess', (context, { actor, body }) => context.services.requests.create(actor, body)),
  defineRoute('listAccessRequests', async (context, { actor, query }) => ({
    requests: await context.services.requests.list(actor, query),
  })),
  defineRoute('decideAccessRequest', (context, { actor, params, body }) =>
    context.services.requests.decide(actor, params.requestId, body),
  ),
  defineRoute('revokeAccessRequest', (context, { actor, params, body }) =>
    context.services.requests.revoke(actor, params.requestId, body.reason),
  ),
];
