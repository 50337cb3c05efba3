import { longestPassword } from '../secrets/password-bytes.ts';
import { listSecrets as list, removeSecret as remove, setSecret as set } from '../secrets/secrets.ts';
import { defineRoute } from './route.ts';
import { secretBodyOf } from './secret-body.ts';

/** The body is bytes, so that no text of it is made: a Buffer can be wiped, a string cannot. */
export const setSecret = defineRoute(
  'setSecret',
  async (context, { actor, params, request }) => {
    await set(context, actor, params, await secretBodyOf(request.raw));
    return {};
  },
  { streamed: true, secretBody: longestPassword },
);

export const listSecrets = defineRoute('listSecrets', async (context) => ({ secrets: await list(context) }));

export const removeSecret = defineRoute('removeSecret', async (context, { actor, params }) => {
  await remove(context, actor, params);
  return {};
});
