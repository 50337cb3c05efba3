import type { Launcher } from '../launcher.ts';
import type { SettingsStore } from '../settings/settings.ts';
import type { Handlers } from './dispatch.ts';

/** What the table needs of the desktop. */
export interface Desktop {
  clipboardRead(): Promise<string>;
  clipboardWrite(text: string): Promise<void>;
  minimise(): void;
  toggleMaximise(): void;
  close(): void;
  answerQuit(answer: 'quit' | 'stay'): void;
}

/** The whole table of ipc.ts, one line per request. */
export function makeHandlers(options: { launcher: Launcher; settings: SettingsStore; desktop: Desktop }): Handlers {
  const { launcher, settings, desktop } = options;
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
    'recordings.list': () => launcher.loadRecordings(),
    'replay.open': async ({ sessionId, purpose }) => ({ replayId: await launcher.openReplay(sessionId, purpose) }),
    'replay.close': ({ replayId }) => done(launcher.closeReplay(replayId)),
    'settings.get': () => settings.get(),
    'settings.set': (change) => settings.set(change),
    'clipboard.read': async () => {
      launcher.requireClipboard();
      return { text: await desktop.clipboardRead() };
    },
    'clipboard.write': async ({ text }) => {
      launcher.requireClipboard();
      return done(await desktop.clipboardWrite(text));
    },
    'window.do': ({ what }) =>
      done({ minimise: desktop.minimise, maximise: desktop.toggleMaximise, close: desktop.close }[what]()),
  };
}

function done(_nothing: unknown): Record<string, never> {
  return {};
}
