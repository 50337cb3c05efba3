import { useSyncExternalStore } from 'react';
import type { RecordingView } from '../../../shared/model/recording.ts';
import type { ReviewState } from '../../../shared/model/review.ts';
import { makeStore, type Readable, type Store } from '../../services/store.ts';
import type { NotesService } from './notes-service.ts';
import type { ReplayPlayer } from './replay-player.ts';
import type { ReplaySearch } from './replay-search.ts';
import type { ReplayOpened, ReplaySource, ReplaySurvey } from './replay-source.ts';
import type { Transcript } from './transcript.ts';

export const sideTabs = ['commands', 'transcript', 'marks', 'details'] as const;
export type SideTab = (typeof sideTabs)[number];

/** What is asked of the person; each dialog knows the moment it was opened at. */
export type ReplayDialog =
  | { kind: 'go-to'; atMs: number }
  | { kind: 'bookmark'; atMs: number }
  | { kind: 'finding'; atMs: number }
  | { kind: 'unreview' }
  | { kind: 'hold' };

export interface ReplayUi {
  tab: SideTab;
  dialog: ReplayDialog | null;
  exportMenu: boolean;
  /** Only commands with hits are listed. */
  onlyHits: boolean;
  /** What became of the last thing that was done, in words; null when there is nothing to say. */
  said: { text: string; failed: boolean } | null;
}

export const makeReplayUi = (): Store<ReplayUi> =>
  makeStore<ReplayUi>({ tab: 'commands', dialog: null, exportMenu: false, onlyHits: false, said: null });

/** A replay that can be played, and everything around it. */
export interface OpenReplay {
  sessionId: string;
  /** Null: the list does not have it. */
  recording: RecordingView | null;
  /** When it began, by the wall clock; null when that is not known. */
  startedAtMs: number | null;
  /** Its manifest and parts come from this device. */
  local: boolean;
  source: ReplaySource;
  opened: ReplayOpened;
  survey: ReplaySurvey | null;
  player: ReplayPlayer;
  search: ReplaySearch;
  transcript: Transcript;
  notes: NotesService;
  /** Its review as last heard; null when nothing was. */
  review: ReviewState | null;
  killed: boolean;
  ui: Store<ReplayUi>;
}

/** What is made of a store's value, in a component that renders again only when that changes; `of` gives a plain value. */
export function useDerived<T, U extends string | number | boolean | null>(store: Readable<T>, of: (value: T) => U): U {
  return useSyncExternalStore(store.subscribe, () => of(store.get()));
}

export function change(ui: Store<ReplayUi>, part: Partial<ReplayUi>): void {
  ui.update((now) => ({ ...now, ...part }));
}
