import type { SearchHit } from '../../../shared/model/review.ts';
import { groupHits, type HitGroup, withoutEchoes } from './hit-groups.ts';
import type { Row, RowGroup } from './list-rows.ts';
import type { TextSearch } from './use-text-search.ts';

/** One line of the list. Those of kind `row`, `hit`, `ask` and `more` can be chosen. */
export type Item =
  | { kind: 'head'; key: string; name: string; count: number | null; note: string | null }
  | { kind: 'session'; key: string; group: HitGroup }
  | { kind: 'row'; key: string; row: Row }
  | { kind: 'hit'; key: string; hit: SearchHit }
  | { kind: 'ask'; key: string; text: string }
  | { kind: 'more'; key: string; words: string };

export function canBeChosen(item: Item): boolean {
  return item.kind !== 'head' && item.kind !== 'session';
}

/** Rows under their days; `ask`: a text that could be searched for in what was typed and shown. Pure. */
export function rowItems(groups: readonly RowGroup[], ask: string | null): Item[] {
  const rows = groups.flatMap((group): Item[] => [
    { kind: 'head', key: group.key, name: group.name, count: group.rows.length, note: group.note },
    ...group.rows.map((row): Item => ({ kind: 'row', key: row.sessionId, row })),
  ]);
  if (ask === null) return rows;
  const none: Item[] =
    rows.length > 0
      ? []
      : [
          {
            kind: 'head',
            key: 'none',
            name: 'No recording',
            count: null,
            note: 'has these words in person, target, login, reason or end',
          },
        ];
  return [{ kind: 'ask', key: 'ask', text: ask }, ...none, ...rows];
}

/** What a search found: commands first, then output, each by recording. Pure. */
export function hitItems(answer: NonNullable<TextSearch['answer']>, limit: number): Item[] {
  const part = (name: 'Commands' | 'Output', found: (typeof answer)['command']): Item[] => {
    if (found === null || found.hits.length === 0) return [];
    const more = found.more ? `the newest ${found.hits.length}; there are more` : null;
    return [
      { kind: 'head', key: name, name, count: found.hits.length, note: more },
      ...groupHits(found.hits).flatMap((group): Item[] => [
        { kind: 'session', key: group.key, group },
        ...group.hits.map(({ key, hit }): Item => ({ kind: 'hit', key, hit })),
      ]),
    ];
  };
  const output = answer.output && {
    ...answer.output,
    hits: withoutEchoes(answer.output.hits, answer.command?.hits ?? []),
  };
  const items = [...part('Commands', answer.command), ...part('Output', output)];
  const more = answer.command?.more === true || answer.output?.more === true;
  if (more && limit < 200) items.push({ kind: 'more', key: 'more', words: 'Show more' });
  return items;
}
