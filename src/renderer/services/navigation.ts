import { makeStore, type Readable } from './store.ts';

export type ViewName = 'targets' | 'sessions' | 'recordings';

export interface Place {
  view: ViewName;
  /** The recording that is open in Recordings, by the server's session id. */
  replay: { sessionId: string; purpose: string } | null;
  /** The side panel as a sheet, where there is no room for it beside the list. */
  sheet: boolean;
  /** Counts the wishes for a new session: with each, Targets begins with an empty search. */
  newSessions: number;
  dialog: 'settings' | 'person' | 'keys' | null;
}

export interface Navigation {
  readonly place: Readable<Place>;
  go(view: ViewName): void;
  /** Targets, with nothing searched for yet. */
  newSession(): void;
  openReplay(sessionId: string, purpose: string): void;
  closeReplay(): void;
  setSheet(open: boolean): void;
  setDialog(dialog: Place['dialog']): void;
}

/** Where the person is. Nothing of it survives a restart. */
export function makeNavigation(): Navigation {
  const place = makeStore<Place>({ view: 'targets', replay: null, sheet: false, newSessions: 0, dialog: null });
  return {
    place,
    go: (view) => place.update((now) => ({ ...now, view, sheet: false, dialog: null })),
    newSession: () =>
      place.update((now) => ({
        ...now,
        view: 'targets',
        sheet: false,
        newSessions: now.newSessions + 1,
        dialog: null,
      })),
    openReplay: (sessionId, purpose) =>
      place.update((now) => ({ ...now, view: 'recordings', replay: { sessionId, purpose }, sheet: false })),
    closeReplay: () => place.update((now) => ({ ...now, replay: null })),
    setSheet: (sheet) => place.update((now) => ({ ...now, sheet })),
    setDialog: (dialog) => place.update((now) => ({ ...now, dialog })),
  };
}
