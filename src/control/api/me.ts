import { type Me, type Role, recordingRulesSchema } from '../../shared/protocol/control-api.ts';
import type { Actor, CoreContext } from '../context.ts';
import { decideRecordings } from '../recordings/rights.ts';
import { defineRoute } from './route.ts';

type View = Me['views'][number];

/** Views that roles have, whatever is in them; what may be done there is decided by rules. */
const viewsOfRoles: Partial<Record<Role, readonly View[]>> = {
  operator: ['history'],
  vendor: ['history'],
  'help-desk': ['recordings'],
  analyst: ['recordings', 'live'],
  auditor: ['recordings'],
  engineer: ['live'],
};
const order: readonly View[] = ['targets', 'sessions', 'history', 'recordings', 'live'];

/** Of so many sessions is looked whether one of somebody else is shown. */
const lookedAt = 1000;

async function hasOwn(core: CoreContext, actor: Actor): Promise<boolean> {
  const own = await core.reader
    .selectFrom('sessions')
    .select('id')
    .where('user_id', '=', actor.userId)
    .limit(1)
    .executeTakeFirst();
  return own !== undefined;
}

/** Whether rules of the organisation's own show this person a recording of somebody else. */
async function seesOthers(core: CoreContext, actor: Actor): Promise<boolean> {
  const newest = await core.reader
    .selectFrom('sessions')
    .select(['id', 'user_id', 'target_id', 'login'])
    .orderBy('granted_at', 'desc')
    .orderBy('id', 'desc')
    .limit(lookedAt)
    .execute();
  const others = newest.filter(({ user_id }) => user_id !== actor.userId);
  const decided = await decideRecordings(core, actor, others, (resource) => [{ action: 'ListRecordings', resource }]);
  return decided.some(([list]) => list === true);
}

async function viewsOf(core: CoreContext, actor: Actor): Promise<Me['views']> {
  const views = new Set<View>(['targets', 'sessions', ...actor.roles.flatMap((role) => viewsOfRoles[role] ?? [])]);
  if (!views.has('history') && (await hasOwn(core, actor))) views.add('history');
  if (!views.has('recordings') && (await seesOthers(core, actor))) views.add('recordings');
  return order.filter((view) => views.has(view));
}

export const me = defineRoute('me', async (context, { actor }) => {
  const organisation = await context.reader
    .selectFrom('organisation')
    .select(['name', 'device_key', 'recording'])
    .executeTakeFirstOrThrow();
  const rules = recordingRulesSchema.parse(organisation.recording);
  return {
    user: { id: actor.userId, name: actor.name, roles: [...actor.roles] },
    device: actor.device === null ? null : { id: actor.device.id, name: actor.device.name },
    organisation: organisation.name,
    policy: {
      deviceKey: organisation.device_key,
      recordMode: rules.mode,
      spool: { quotaBytes: rules.spool.quotaMegabytes * 1_000_000, keepStoredHours: rules.spool.keepStoredHours },
      // A vendor's clipboard is closed unless a grant opens it.
      clipboard: actor.roles.includes('vendor') ? ('denied' as const) : ('allowed' as const),
    },
    views: await viewsOf(context, actor),
  };
});
