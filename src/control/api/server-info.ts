import { version } from '../../shared/version.ts';
import { defineRoute } from './route.ts';

export const serverInfo = defineRoute('serverInfo', async (context) => {
  const organisation = await context.reader.selectFrom('organisation').select('name').executeTakeFirst();
  return { organisation: organisation?.name ?? 'not set up yet', version, time: context.clock.now().toISOString() };
});
