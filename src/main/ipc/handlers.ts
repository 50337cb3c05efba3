import type { Launcher } from '../launcher.ts';
import type { MemoryStore } from '../memory/memory.ts';
import type { SettingsStore } from '../settings/settings.ts';
import type { Handlers } from './dispatch.ts';

/** What the table needs of the desktop. */
export interface Desktop {
  clipboardRead(): Promise<string>;
  clipboardWrite(text: string): Promise<void>;
  minimise(): void;
  toggleMaximise(): void;
  close(): void;
  /** Shows the launcher's window and gives it the focus. */
  front(): void;
  /** Opens an http or https address in the browser of the desktop. */
  openLink(url: string): Promise<void>;
  openAbout(): void;
  /** Asks where to write a file that would be called `name`; null: nowhere. */
  saveAs(name: string): Promise<string | null>;
  answerQuit(answer: 'quit' | 'stay'): void;
}

/** The whole table of ipc.ts, one line per request. */
export function makeHandlers(options: {
  launcher: Launcher;
  settings: SettingsStore;
  memory: MemoryStore;
  desktop: Desktop;
}): Handlers {
  const { launcher, settings, memory, desktop } = options;
  const { supervisor } = launcher;
  return {
    'app.state': () => launcher.state.get(),
    'app.quit': ({ answer }) => done(desktop.answerQuit(answer)),
    'app.retry': async () => done(await launcher.retry()),
    'app.forgetDevice': async () => done(await launcher.forget(null)),
    'app.enrol': async ({ invite }) => done(await launcher.enrol(invite)),
    'targets.list': ({ refresh }) => launcher.loadTargets(refresh),
    'sessions.list': () => ({ sessions: supervisor.list() }),
    'sessions.connect': async (request) => ({ id: await launcher.connect(request) }),
    'sessions.attach': ({ id }) => done(launcher.attach(id)),
    'sessions.disconnect': ({ id }) => done(supervisor.disconnect(id)),
    'sessions.close': ({ id }) => done(supervisor.close(id)),
    'recordings.list': ({ query }) => launcher.loadRecordings(query),
    'recordings.search': ({ query }) => launcher.caller().call('search', { query }),
    'recordings.notes': ({ sessionId }) => launcher.caller().call('getNotes', { params: { sessionId } }),
    'recordings.addBookmark': ({ sessionId, body }) =>
      launcher.caller().call('addBookmark', { params: { sessionId }, body }),
    'recordings.removeBookmark': ({ sessionId, bookmarkId }) =>
      launcher.caller().call('removeBookmark', { params: { sessionId, bookmarkId } }),
    'recordings.addFinding': ({ sessionId, body }) =>
      launcher.caller().call('addFinding', { params: { sessionId }, body }),
    'recordings.changeFinding': ({ sessionId, findingId, body }) =>
      launcher.caller().call('changeFinding', { params: { sessionId, findingId }, body }),
    'recordings.setReviewed': ({ sessionId, body }) =>
      launcher.caller().call('setReviewed', { params: { sessionId }, body }),
    'recordings.setHold': ({ sessionId, body }) => launcher.caller().call('setHold', { params: { sessionId }, body }),
    'replay.open': async ({ sessionId, purpose }) => ({ replayId: await launcher.openReplay(sessionId, purpose) }),
    'replay.export': ({ replayId, format }) => launcher.exportReplay(replayId, format, desktop.saveAs),
    'replay.close': ({ replayId }) => done(launcher.closeReplay(replayId)),
    'settings.get': () => settings.get(),
    'settings.set': (change) => settings.set(change),
    'memory.get': () => memory.get(),
    'memory.set': (change) => memory.set(change),
    'link.open': async ({ url }) => done(await desktop.openLink(url)),
    'about.open': () => done(desktop.openAbout()),
    'clipboard.read': async () => {
      launcher.requireClipboard();
      return { text: await desktop.clipboardRead() };
    },
    'clipboard.write': async ({ text }) => {
      launcher.requireClipboard();
      return done(await desktop.clipboardWrite(text));
    },
    'window.do': ({ what }) =>
      done(
        { minimise: desktop.minimise, maximise: desktop.toggleMaximise, close: desktop.close, front: desktop.front }[
          what
        ](),
      ),
  };
}

function done(_nothing: unknown): Record<string, never> {
  return {};
}
