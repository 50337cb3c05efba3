import { makeStore, type Readable } from './store.ts';

export type ViewName = 'targets' | 'sessions' | 'history' | 'recordings' | 'settings';

/** A moment of a replay to begin at, and words to mark there. */
export interface ReplayMoment {
  /** Milliseconds since the start of the recording. */
  atMs?: number;
  /** What was searched for: the replay searches for it too. */
  find?: string;
}

export interface ReplayPlace extends ReplayMoment {
  /** The server's session id. */
  sessionId: string;
  purpose: string;
}

/** A question that was put to History or Recordings from elsewhere; each one counts, the same again too. */
export interface Asking {
  view: 'history' | 'recordings';
  /** Text to search for. */
  text?: string;
  /** Whose recordings, by name. */
  user?: string;
}

export interface Place {
  view: ViewName;
  /** The recording that is open in Recordings. */
  replay: ReplayPlace | null;
  /** Where Back of a replay leads. */
  replayFrom: ViewName;
  asking: Asking | null;
  /** The side panel as a sheet, where there is no room for it beside the list. */
  sheet: boolean;
  /** Counts the wishes for a new session: with each, Targets begins with an empty search. */
  newSessions: number;
  dialog: 'person' | 'keys' | 'palette' | 'backlog' | null;
  /** What the palette begins with: a prefix such as ">", or nothing. */
  paletteText: string;
  /** The section of Settings that is shown; null: where the person was. */
  settingsSection: string | null;
}

export interface Navigation {
  readonly place: Readable<Place>;
  go(view: ViewName): void;
  /** Targets, with nothing searched for yet. */
  newSession(): void;
  /** Opens the replay in Recordings; `moment` absent: at its start. */
  openReplay(sessionId: string, purpose: string, moment?: ReplayMoment): void;
  /** Back to the view that the replay was opened from. */
  closeReplay(): void;
  /** Goes to History or Recordings with a question; the view takes it from `place.asking`, a new object each time. */
  ask(asking: Asking): void;
  setSheet(open: boolean): void;
  setDialog(dialog: Place['dialog']): void;
  openPalette(text: string): void;
  /** Settings, at a section: "keyboard", "terminal" (features/settings). */
  openSettings(section: string | null): void;
}

const start: Place = {
  view: 'targets',
  replay: null,
  replayFrom: 'recordings',
  asking: null,
  sheet: false,
  newSessions: 0,
  dialog: null,
  paletteText: '',
  settingsSection: null,
};

/** Where the person is. Nothing of it survives a restart. */
export function makeNavigation(): Navigation {
  const place = makeStore<Place>(start);
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
    openReplay: (sessionId, purpose, moment = {}) =>
      place.update((now) => ({
        ...now,
        view: 'recordings',
        replay: { sessionId, purpose, ...moment },
        replayFrom: now.view === 'history' ? 'history' : 'recordings',
        sheet: false,
        dialog: null,
      })),
    closeReplay: () => place.update((now) => ({ ...now, view: now.replayFrom, replay: null })),
    ask: (asking) =>
      place.update((now) => ({
        ...now,
        view: asking.view,
        asking: { ...asking },
        replay: null,
        sheet: false,
        dialog: null,
      })),
    setSheet: (sheet) => place.update((now) => ({ ...now, sheet })),
    setDialog: (dialog) => place.update((now) => ({ ...now, dialog })),
    openPalette: (text) => place.update((now) => ({ ...now, dialog: 'palette', paletteText: text })),
    openSettings: (section) =>
      place.update((now) => ({ ...now, view: 'settings', sheet: false, dialog: null, settingsSection: section })),
  };
}
