import { useEffect, useRef } from 'react';
import type { ReplayMoment } from '../../services/navigation.ts';
import { useServices } from '../../services/services.tsx';
import { makeStore, useStore } from '../../services/store.ts';
import { useDerived } from './open-replay.ts';
import type { PlayerState, ReplayPlayer } from './replay-player.ts';
import { noSearch, type ReplaySearch, type SearchState } from './replay-search.ts';
import type { ReplayActions } from './use-replay-actions.ts';

const notFound = makeStore<SearchState>(noSearch);
const still = makeStore<Pick<PlayerState, 'seeking' | 'playing'>>({ seeking: true, playing: false });

/**
 * Begins where whoever opened the replay wanted: at a moment, with a search filled and its hit chosen. The hit may be in what is still being read: then the search is made once more when
 * all of it was.
 */
export function useMoment(given: {
  player: ReplayPlayer | null;
  search: ReplaySearch | null;
  sessionId: string;
  surveyed: boolean;
  /** Null until the replay is open. */
  actions: ReplayActions | null;
}): void {
  const { navigation } = useServices();
  const { player, search, sessionId, surveyed } = given;
  const actions = useRef(given.actions);
  actions.current = given.actions;
  const { replay: place } = useStore(navigation.place);
  const pending = useRef<ReplayMoment | null>(null);
  useEffect(() => {
    if (player === null || search === null || place === null || place.sessionId !== sessionId) return;
    void player.seek(place.atMs ?? 0);
    pending.current = place.find === undefined ? null : { find: place.find, atMs: place.atMs ?? 0 };
  }, [player, search, place, sessionId]);
  // biome-ignore lint/correctness/useExhaustiveDependencies(place): another place is another search
  useEffect(() => {
    const wanted = pending.current;
    if (player === null || search === null || wanted?.find === undefined) return;
    const atMs = wanted.atMs ?? 0;
    void search.open(wanted.find, atMs).then((hit) => {
      if (pending.current !== wanted) return;
      if (hit !== null || surveyed) pending.current = null;
      // The person may have gone on meanwhile.
      if (hit !== null && player.state.get().positionMs === atMs) actions.current?.seekHit(hit);
    });
  }, [player, search, surveyed, place]);
}

/** Marks the hits that are on the screen, and the one we are at. */
export function useScreenHits(player: ReplayPlayer | null, search: ReplaySearch | null): void {
  const { replayScreen } = useServices();
  const { asked, index } = useStore(search?.state ?? notFound);
  const rests = useDerived<Pick<PlayerState, 'seeking' | 'playing'>, boolean>(
    player?.state ?? still,
    (state) => !state.seeking && !state.playing,
  );
  const marked = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies(index): another hit is at another place of the screen
  useEffect(() => {
    const screen = replayScreen.get();
    if (screen === null || (asked === '' && !marked.current)) return;
    if (asked === '') {
      screen.clearFind();
      marked.current = false;
    } else if (rests) {
      // From the bottom: what was found last is what was drawn last.
      screen.clearFind();
      screen.find(asked, 'previous');
      marked.current = true;
    }
  }, [asked, index, rests, replayScreen]);
}
