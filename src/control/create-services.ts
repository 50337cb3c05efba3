import type { CoreContext } from './context.ts';
import type { Services } from './services.ts';

/** Builds everything above the core. `core` is complete when this is called; nothing is listening yet. */
export async function createServices(_core: CoreContext): Promise<Services> {
  return {
    targetFacts: { forPerson: async () => new Map() },
    close: async () => undefined,
  };
}
