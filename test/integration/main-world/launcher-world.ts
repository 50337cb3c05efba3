import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import type { MessagePortMain } from 'electron';
import type { Forked } from '../../../src/main/forked.ts';
import { IdentityService } from '../../../src/main/identity/identity.ts';
import { KeyStore } from '../../../src/main/identity/key-store.ts';
import { Launcher } from '../../../src/main/launcher.ts';
import type { AppState, SessionView } from '../../../src/shared/protocol/ipc.ts';
import type { OwnerToReplay } from '../../../src/shared/protocol/replay.ts';
import type { OwnerToSession } from '../../../src/shared/protocol/session-control.ts';
import { type FakeControl, startFakeControl } from './fake-control.ts';
import { FakeSession, type Manners } from './fake-session.ts';

/** A launcher without a window in this process, on a data folder of its own. Its sessions are fakes unless `forkSession` starts others. */
export function makeLauncher(
  folder: string,
  forkSession?: () => Forked<OwnerToSession>,
  forkReplay?: () => Forked<OwnerToReplay>,
) {
  const listeners = new Set<() => void>();
  const children: FakeSession[] = [];
  const log: string[] = [];
  let manners: Manners = {};
  let state: AppState | null = null;
  let sessions: SessionView[] = [];
  const tell = () => {
    for (const listener of [...listeners]) listener();
  };
  const launcher = new Launcher({
    folder,
    version: '0.0.0-test',
    electron: '0',
    platform: 'linux',
    managed: null,
    identity: new IdentityService({
      folder,
      keys: new KeyStore({
        folder,
        keyring: { isReal: () => false, encrypt: () => new Uint8Array(), decrypt: () => '' },
      }),
      managed: null,
      deviceName: 'here',
    }),
    forkSession: () => {
      if (forkSession !== undefined) return forkSession();
      const child = new FakeSession(manners);
      children.push(child);
      return child;
    },
    forkReplay: () => {
      if (forkReplay !== undefined) return forkReplay();
      throw new Error('no replay in this test');
    },
    spares: null,
    log: (event, facts) => {
      log.push(`${event} ${JSON.stringify(facts ?? {})}`);
      tell();
    },
    window: {
      appState: (next) => {
        state = next;
        tell();
      },
      sessions: (next) => {
        sessions = next;
        tell();
      },
      targetsChanged: tell,
      recordingsChanged: tell,
      openPort: () => ({ close: () => undefined }) as unknown as MessagePortMain,
    },
  });
  return {
    launcher,
    children,
    log,
    spool: join(folder, 'spool'),
    get state(): AppState {
      return state ?? launcher.state.get();
    },
    get sessions(): SessionView[] {
      return sessions;
    },
    setManners: (next: Manners) => {
      manners = next;
    },
    /** Resolves when `look` finds something, asked again after everything the window is told. */
    until: <T>(look: () => T | undefined | null | false): Promise<T> =>
      new Promise((resolve) => {
        const check = () => {
          const found = look();
          if (found === undefined || found === null || found === false) return;
          listeners.delete(check);
          resolve(found);
        };
        listeners.add(check);
        check();
      }),
    connect: () =>
      launcher.connect({ targetId: 'target-1', login: 'deploy', reason: null, ticket: null, cols: 80, rows: 24 }),
  };
}
export type LauncherUnderTest = ReturnType<typeof makeLauncher>;

export interface MainWorld {
  control: FakeControl;
  /** A launcher on the world's own folder: the same folder again is the same device after a restart. */
  launcher(forkReplay?: () => Forked<OwnerToReplay>): LauncherUnderTest;
  /** Opens what is recorded for the recipients of its server. */
  identity: string;
  close(): Promise<void>;
}

export async function openMainWorld(): Promise<MainWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'launcher-'));
  const identity = await generateIdentity();
  const control = await startFakeControl([await identityToRecipient(identity)]);
  const made: LauncherUnderTest[] = [];
  return {
    control,
    identity,
    launcher: (forkReplay) => {
      const one = makeLauncher(folder, undefined, forkReplay);
      made.push(one);
      return one;
    },
    close: async () => {
      for (const one of made) await one.launcher.finish();
      await control.stop();
      control.removeFiles();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A world with an enrolled launcher that is online. */
export async function openOnlineWorld(forkReplay?: () => Forked<OwnerToReplay>) {
  const world = await openMainWorld();
  const app = world.launcher(forkReplay);
  await app.launcher.start(world.control.invite());
  await app.until(() => app.state.connection.state === 'online');
  return { world, control: world.control, app };
}

/** Connects and waits until the session is open; returns its process and its view. */
export async function openSession(app: LauncherUnderTest) {
  const id = await app.connect();
  const view = await app.until(() => app.sessions.find((one) => one.id === id && one.state.state === 'open'));
  const child = app.children.at(-1)!;
  return { id, child, sessionId: view.sessionId! };
}
