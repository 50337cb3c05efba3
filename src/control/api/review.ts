import { defineRoute } from './route.ts';

export const search = defineRoute('search', (context, { actor, query }) => context.services.search.find(actor, query));

export const getNotes = defineRoute('getNotes', (context, { actor, params }) =>
  context.services.review.notes(actor, params.sessionId),
);

export const addBookmark = defineRoute('addBookmark', (context, { actor, params, body }) =>
  context.services.review.addBookmark(actor, params.sessionId, body),
);

export const removeBookmark = defineRoute('removeBookmark', (context, { actor, params }) =>
  context.services.review.removeBookmark(actor, params),
);

export const addFinding = defineRoute('addFinding', (context, { actor, params, body }) =>
  context.services.review.addFinding(actor, params.sessionId, body),
);

export const changeFinding = defineRoute('changeFinding', (context, { actor, params, body }) =>
  context.services.review.changeFinding(actor, params, body),
);

export const setReviewed = defineRoute('setReviewed', (context, { actor, params, body }) =>
  context.services.review.setReviewed(actor, params.sessionId, body),
);

export const setHold = defineRoute('setHold', (context, { actor, params, body }) =>
  context.services.review.setHold(actor, params.sessionId, body),
);

export const noteExport = defineRoute('noteExport', async (context, { actor, params, body }) => {
  await context.services.review.noteExport(actor, params.sessionId, body);
  return {};
});
