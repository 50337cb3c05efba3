import { applyDocument } from '../apply/apply.ts';
import { defineRoute } from './route.ts';

export const apply = defineRoute('apply', (context, { actor, body }) => applyDocument(context, actor, body), {
  bodyLimit: (context) => context.config.limits.applyBody,
});
