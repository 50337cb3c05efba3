import type { Actor } from '../actor.ts';
import type { SampleParts } from '../recordings/evidence-sample.ts';
import { find, type SearchQuery } from './find.ts';
import { forgetClaims, startIndexer } from './indexer.ts';

/** The index of what could be read on the screens, and who searches it. */
export async function openSearch(parts: SampleParts) {
  const { core } = parts;
  if (core.shared === null) await forgetClaims(core);
  const indexer = startIndexer(parts);
  indexer.wake();
  return {
    find: (actor: Actor, query: SearchQuery) => find(core, actor, query),
    /** A text segment was stored. */
    stored: () => indexer.wake(),
    /** Resolves when nothing is left that can be indexed now. */
    idle: () => indexer.idle(),
    close: () => indexer.close(),
  };
}

export type Search = Awaited<ReturnType<typeof openSearch>>;
