import { useEffect, useMemo, useState } from 'react';
import type { SearchHit } from '../../../shared/model/review.ts';
import type { Me } from '../../../shared/protocol/control-api.ts';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import { stateWords } from '../sessions/words.ts';
import { indexTargets } from '../targets/search.ts';
import { type PaletteWorld, sessionState } from './lines.ts';
import type { PaletteMode } from './match.ts';

/** Once the person rests, not at each letter: the search goes to the server. */
const restMs = 160;

/** One's own commands with these words in them; empty until they have come, and where nothing is searched. */
function useHistoryHits(mode: PaletteMode, text: string, may: boolean): SearchHit[] {
  const { recordings } = useServices();
  const [found, setFound] = useState<{ for: string; hits: SearchHit[] }>({ for: '', hits: [] });
  const wanted = may && (mode === 'all' || mode === 'history') && text.length >= 2;
  const name = `${mode} ${text}`;
  useEffect(() => {
    if (!wanted) return;
    let gone = false;
    const timer = setTimeout(() => {
      const kind = mode === 'all' ? { kind: 'command' as const, limit: 4 } : { limit: 20 };
      void recordings.search({ text, mine: 'yes', ...kind }).then((answer) => {
        if (!gone && answer.ok) setFound({ for: name, hits: answer.value.hits });
      });
    }, restMs);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [recordings, wanted, mode, text, name]);
  return wanted && found.for === name ? found.hits : [];
}

/** What the palette chooses from. `now`: fixed while it is open, so that nothing in it moves by itself. */
export function usePaletteWorld(options: {
  mode: PaletteMode;
  text: string;
  me: Me | null;
  opened: string | null;
  inTerminal: boolean;
}): PaletteWorld {
  const services = useServices();
  const { targets } = useStore(services.targets.state);
  const { favourites, searches } = useStore(services.memory.state);
  const { cover } = useStore(services.connect.state);
  const { tabs } = useStore(services.sessions.tabs);
  const views = useStore(services.sessions.sessions);
  const commands = useStore(services.commands.all);
  const recordings = useStore(services.recordings.state).recordings;
  const connection = useStore(services.app.state)?.connection.state ?? 'connecting';
  const [nowMs] = useState(Date.now);
  const named = options.me?.views;
  const mayHistory = named?.includes('history') ?? true;
  const hits = useHistoryHits(options.mode, options.text, mayHistory);
  const index = useMemo(() => indexTargets(targets ?? []), [targets]);
  const open = useMemo(
    () =>
      tabs.flatMap((tab) => {
        const view = views.get(tab.sessionId);
        return view === undefined ? [] : [{ tab, view, state: sessionState(stateWords(view, connection, nowMs)) }];
      }),
    [tabs, views, connection, nowMs],
  );
  return {
    index,
    favourites,
    cover,
    tabs: open,
    commands,
    hits,
    recordings: named?.includes('recordings') === true ? recordings : null,
    mayHistory,
    searches,
    me: options.me?.user.id ?? null,
    inTerminal: options.inTerminal,
    opened: options.opened,
    nowMs,
  };
}
