import { type Me, recordingRulesSchema } from '../../shared/protocol/control-api.ts';
import type { Actor } from '../context.ts';
import { defineRoute } from './route.ts';

/** Roles that have the view of running sessions; what they may do there is decided by policies. */
const watchers: ReadonlySet<string> = new Set(['analyst', 'engineer']);

/** Roles that have the view of everybody's recordings; their own are in History for all. */
const reviewers: ReadonlySet<string> = new Set(['analyst', 'auditor', 'help-desk']);

function viewsOf(actor: Actor): Me['views'] {
  const is = (roles: ReadonlySet<string>) => actor.roles.some((role) => roles.has(role));
  const views: Me['views'] = ['targets', 'sessions', 'history'];
  if (is(reviewers)) views.push('recordings');
  if (is(watchers)) views.push('live');
  return views;
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
    views: viewsOf(actor),
  };
});
