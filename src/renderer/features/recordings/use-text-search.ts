import { useEffect, useRef, useState } from 'react';
import type { Problem } from '../../../shared/errors/result.ts';
import type { SearchQuery } from '../../../shared/protocol/review-api.ts';
import type { SearchAnswer } from '../../services/recordings-service.ts';
import { useServices } from '../../services/services.tsx';

export interface TextSearch {
  /** The last answer, also while another is awaited; null before the first. */
  answer: { command: SearchAnswer | null; output: SearchAnswer | null; text: string } | null;
  searching: boolean;
  problem: Problem | null;
}

const nothing: TextSearch = { answer: null, searching: false, problem: null };
/** From the last key to the question, in milliseconds. */
const restMs = 180;

/**
 * Searches commands and output side by side, each with a limit of its own, so that many lines of output never push out a command. `query` null: no search.
 * An answer to an older question is dropped. `attempt`: another one asks the same again.
 */
export function useTextSearch(
  query: SearchQuery | null,
  kind: 'command' | 'output' | undefined,
  attempt: number,
): TextSearch {
  const { recordings } = useServices();
  const [state, setState] = useState<TextSearch>(nothing);
  const latest = useRef<SearchQuery | null>(query);
  latest.current = query;
  const key = query === null ? null : JSON.stringify([query, kind, attempt]);

  useEffect(() => {
    const asked = latest.current;
    if (key === null || asked === null) {
      setState(nothing);
      return;
    }
    let gone = false;
    const ask = async () => {
      const one = (which: 'command' | 'output') =>
        kind !== undefined && kind !== which ? null : recordings.search({ ...asked, kind: which });
      const [command, output] = await Promise.all([one('command'), one('output')]);
      if (gone) return;
      const own = (answer: typeof command, which: 'command' | 'output') =>
        answer?.ok === true ? { ...answer.value, hits: answer.value.hits.filter((hit) => hit.kind === which) } : null;
      const failed = [command, output].find((answer) => answer?.ok === false);
      if (failed?.ok === false) {
        setState((now) => ({ ...now, searching: false, problem: failed.error }));
        return;
      }
      setState({
        answer: {
          command: own(command, 'command'),
          output: own(output, 'output'),
          text: asked.text,
        },
        searching: false,
        problem: null,
      });
    };
    setState((now) => ({ ...now, searching: true, problem: null }));
    const timer = setTimeout(() => void ask(), restMs);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [key, kind, recordings]);

  return state;
}
