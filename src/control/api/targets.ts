import { createVisibleTargets } from '../targets/visible-targets.ts';
import { defineRoute, type Route } from './route.ts';

/** A route of its own per server: it holds what it has worked out. */
export function targetRoutes(): Route[] {
  const visible = createVisibleTargets();
  return [
    defineRoute('listTargets', async (context, { actor }) => ({ targets: await visible.forPerson(context, actor) })),
  ];
}
