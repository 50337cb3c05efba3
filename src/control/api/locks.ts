import { liftLock as lift, listLocks as list } from '../live/locks.ts';
import { defineRoute } from './route.ts';

export const listLocks = defineRoute('listLocks', async (context, { actor }) => ({
  locks: await list(context, actor),
}));

export const liftLock = defineRoute('liftLock', async (context, { actor, params }) => {
  await lift(context, context.services.hub, actor, params.lockId);
  return {};
});
