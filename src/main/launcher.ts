import { join } from 'node:path';
import type { MessagePortMain } from 'electron';
import { type Problem, SallyportError, toProblem } from '../shared/errors/result.ts';
import type { Me } from '../shared/protocol/control-api.ts';
import type { ControlToLauncher } from '../shared/protocol/control-channel.ts';
import type { AppState, SessionView } from '../shared/protocol/ipc.ts';
import type { OwnerToReplay } from '../shared/protocol/replay.ts';
import type { RecordingsQuery } from '../shared/protocol/review-api.ts';
import type { OwnerToSession } from '../shared/protocol/session-control.ts';
import { endReasonText } from '../shared/record/end-reason.ts';
import type { ControlCaller } from './control-client/client.ts';
import { ControlLink } from './control-link.ts';
import type { Forked } from './forked.ts';
import type { IdentityService, Membership } from './identity/identity.ts';
import type { ManagedPolicy } from './identity/policy-file.ts';
import { Recordings } from './listings/recordings.ts';
import { Targets } from './listings/targets.ts';
import type { Log } from './log.ts';
import { LocalParts } from './replay/local-parts.ts';
import { Replays } from './replay/replays.ts';
import { type ConnectRequest, Supervisor } from './sessions/supervisor.ts';
import { AppStateStore } from './state/app-state.ts';
import { coalesced } from './state/coalesce.ts';
import { SyncAgent } from './sync/agent.ts';
import { JournalFeed } from './sync/journal-feed.ts';
import { measureSpool, roomProblem } from './sync/room.ts';
import { WarmFork } from './warm-fork.ts';

/** What the launcher needs of the window, whatever draws it. */
export interface LauncherWindow {
  appState(state: AppState): void;
  sessions(sessions: SessionView[]): void;
  targetsChanged(): void;
  recordingsChanged(): void;
  /** Gives the page one end of a new channel and returns the other. Throws when there is no page. */
  openPort(kind: 'session' | 'replay', id: string): MessagePortMain;
}

export interface LauncherOptions {
  /** The app's data folder: the spool lies in it. */
  folder: string;
  version: string;
  electron: string;
  platform: string;
  managed: ManagedPolicy | null;
  identity: IdentityService;
  forkSession: () => Forked<OwnerToSession>;
  forkReplay: () => Forked<OwnerToReplay>;
  /** When a process for the next session is started, after coming online and after a connect; null: never ahead of need. */
  spares: { firstMs: number; nextMs: number } | null;
  window: LauncherWindow;
  log: Log;
}

/** How long quitting waits for records to be sealed (a little more than the session process's own limit), and then for their upload. */
const sealLimitMs = 6000;
const lastUploadMs = 2000;
/** How long leaving waits for the server to hear of it. */
const signOutLimitMs = 2000;

/** The launcher without its window: owns identity, link, sessions, sync and replays, and ties them together. Knows nothing of Electron. */
export class Launcher {
  readonly state: AppStateStore;
  readonly supervisor: Supervisor;
  private readonly sync: SyncAgent;
  private readonly feed: JournalFeed;
  private readonly targets: Targets;
  private readonly recordings: Recordings;
  private readonly replays: Replays;
  private readonly warm: WarmFork<OwnerToSession>;
  private readonly endings = new Map<string, string>();
  private link: ControlLink | null = null;
  private leaving = false;
  private readonly options: LauncherOptions;

  constructor(options: LauncherOptions) {
    this.options = options;
    this.targets = new Targets({
      path: join(options.folder, 'targets.json'),
      onBehind: () => options.window.targetsChanged(),
    });
    const { window, log } = options;
    const spool = join(options.folder, 'spool');
    this.state = new AppStateStore({
      version: options.version,
      electron: options.electron,
      platform: options.platform,
      onChange: (state) => window.appState(state),
    });
    this.warm = new WarmFork(options.forkSession);
    this.supervisor = new Supervisor({
      spool,
      software: `sallyport ${options.version}`,
      fork: () => this.warm.take(),
      link: () => this.link,
      log,
      onChange: coalesced(() => window.sessions(this.supervisor.list())),
      room: (running) => this.requireRoom(running),
      onSpooled: (sessionId) => this.sync.kick(sessionId),
      onJournaled: (sessionId) => this.feed.grown(sessionId),
      onReleased: (sessionId) => this.feed.forget(sessionId),
      onEnded: (sessionId, reason) => {
        this.endings.set(sessionId, endReasonText(reason));
        window.recordingsChanged();
      },
    });
    this.feed = new JournalFeed({
      spool,
      piece: (piece) => this.link?.sendPiece(piece) ?? false,
      say: (message) => this.link?.send(message) ?? false,
      log,
    });
    this.sync = new SyncAgent({
      spool,
      link: () => this.link,
      isLive: (sessionId) => this.supervisor.liveIds().includes(sessionId),
      because: (sessionId) => {
        const ending = this.endings.get(sessionId);
        return ending === undefined ? null : `The process ended before it could close the record: ${ending}`;
      },
      onChange: coalesced(() => this.state.update({ backlog: this.sync.backlog() })),
      onReceipt: (sessionId, { signed, payload, frames }) => {
        this.supervisor.receipt(sessionId, {
          signed,
          bytes: payload.bytes,
          atMs: Date.parse(payload.at),
          ended: payload.ended,
        });
        this.feed.stored(sessionId, frames);
      },
      keepStoredHours: () => this.spoolPolicy().keepStoredHours,
      onStored: () => window.recordingsChanged(),
      log,
    });
    this.recordings = new Recordings(() => this.sync.local());
    this.replays = new Replays({ fork: options.forkReplay, openPort: (id) => window.openPort('replay', id), log });
  }

  /** Loads who this launcher is, or enrols with `invite`; a failure shows on the first-run screen. */
  async start(invite: string | null): Promise<void> {
    this.state.update({ enrolment: this.firstRun(null) });
    try {
      const membership = await this.options.identity.load().catch((error: unknown) => {
        // A new invite is the way out of a lost key.
        if (invite !== null) return null;
        throw error;
      });
      if (membership !== null) await this.join(membership);
      else if (invite !== null) await this.enrol(invite);
    } catch (error) {
      this.options.log('start.failed', { code: toProblem(error).code });
      this.state.update({ enrolment: this.firstRun(toProblem(error)) });
    }
    await this.sync.scan();
  }

  /** Throws SP-1001 to SP-1004 in words for the screen. */
  async enrol(invite: string): Promise<void> {
    if (this.link !== null)
      throw new SallyportError(
        'SP-1002',
        'This device is already enrolled. Forget it first, then enter the new invite.',
      );
    await this.join(await this.options.identity.enrol(invite));
    await this.sync.scan();
  }

  /** Ends the sessions and forgets key and server, because the person asks or because of `problem`. What is not sent yet stays in the spool. */
  async forget(problem: Problem | null): Promise<void> {
    const { link } = this;
    await this.supervisor.disconnectAll(sealLimitMs, problem === null ? 'quit' : 'revoked');
    if (problem === null) await this.sync.settled(lastUploadMs);
    this.replays.closeAll();
    this.warm.discard();
    this.link = null;
    // Whoever was told that the device is revoked need not say so.
    if (problem === null) await this.signOut(link);
    await link?.close();
    await this.options.identity.forget();
    await this.targets.forget();
    this.recordings.forget();
    this.state.update({ enrolment: this.firstRun(problem), connection: { state: 'connecting' } });
  }

  /** The machine has a network again: no need to wait for the next try. */
  async networkBack(): Promise<void> {
    this.link?.channel.reconnectNow();
    await this.sync.scan();
  }

  /** The person asks: try everything now, also what was given up. */
  async retry(): Promise<void> {
    this.link?.channel.reconnectNow();
    await this.sync.scan(true);
  }

  /** Throws SP-5003 where policy keeps the clipboard out of sessions. */
  requireClipboard(): void {
    const { enrolment } = this.state.get();
    if (enrolment.state === 'enrolled' && enrolment.me?.policy.clipboard === 'denied') {
      throw new SallyportError(
        'SP-5003',
        'Your organisation has switched the clipboard off for sessions. Ask your administrator if you need it.',
      );
    }
  }

  /** The machine woke up: leases are void, the link must prove itself. */
  resumed(): void {
    this.supervisor.resumed();
    this.link?.channel.reconnectNow();
  }

  loadTargets(refresh: boolean) {
    const { caller, membership } = this.requireLink();
    return this.targets.load(caller, membership.identity.device.id, refresh);
  }

  async connect(request: ConnectRequest): Promise<string> {
    const { caller, membership } = this.requireLink();
    const id = this.supervisor.connect(
      request,
      await this.targets.require(caller, membership.identity.device.id, request.targetId),
    );
    if (this.options.spares !== null) this.warm.prepare(this.options.spares.nextMs);
    return id;
  }

  attach(id: string): void {
    this.supervisor.attach(id, () => this.options.window.openPort('session', id));
  }

  loadRecordings(query: RecordingsQuery) {
    return this.recordings.load(this.requireLink().caller, query);
  }

  /** Who asks the control server. Throws SP-1003 where this device is not enrolled. */
  caller(): ControlCaller {
    return this.requireLink().caller;
  }

  /** `ask`: where to, by a name that would do; null when the person thought better of it. Then nothing is said to anyone. */
  async exportReplay(
    replayId: string,
    format: 'asciicast' | 'transcript',
    ask: (name: string) => Promise<string | null>,
  ): Promise<{ path: string | null; bytes: number }> {
    const { identity } = this.requireLink().membership;
    const path = await ask(this.replays.copyName(replayId, format));
    if (path === null) return { path, bytes: 0 };
    const by = `${identity.user.name} (${identity.user.id})`;
    const software = `Sallyport ${this.options.version}`;
    return { path, bytes: await this.replays.export(replayId, { format, path, by, software }) };
  }

  async openReplay(sessionId: string, purpose: string): Promise<string> {
    const { caller, membership } = this.requireLink();
    const parts = await LocalParts.find(join(this.options.folder, 'spool'), sessionId, membership);
    const local = parts === null ? null : { parts, isLive: this.supervisor.liveIds().includes(sessionId) };
    return this.replays.open({ caller, serverKey: membership.identity.serverKey, sessionId, purpose, local });
  }

  closeReplay(replayId: string): void {
    this.replays.close(replayId);
  }

  /** The page is gone and with it every screen: a session without one is not left running. */
  pageLost(): void {
    this.replays.closeAll();
    this.supervisor.disconnectScreens();
  }

  /** Ends everything in order; bounded in time. */
  async finish(): Promise<void> {
    await this.supervisor.disconnectAll(sealLimitMs);
    await this.sync.settled(lastUploadMs);
    this.sync.stop();
    this.feed.stop();
    this.replays.closeAll();
    this.warm.discard();
    // A key that lives in memory alone is gone with this process: its device would stay in force without anyone to hold it.
    if (this.link?.membership.place === 'memory') await this.signOut(this.link);
    await this.link?.close();
  }

  /** Tells the server that this device is no more, as far as it can be told in a moment: without a network an administrator can do the same. */
  private async signOut(link: ControlLink | null): Promise<void> {
    if (link === null) return;
    const { id } = link.membership.identity.device;
    const told = link.caller.call('revokeDevice', { params: { deviceId: id } }).catch((error: unknown) => {
      this.options.log('device.sign-out-failed', { code: toProblem(error).code });
    });
    await Promise.race([told, new Promise((resolve) => setTimeout(resolve, signOutLimitMs))]);
  }

  private async join(membership: Membership): Promise<void> {
    const { identity, place } = membership;
    this.state.update({
      enrolment: { state: 'enrolled', address: identity.address, me: null, deviceKey: place },
      connection: { state: 'connecting' },
    });
    const link = await ControlLink.open({
      membership,
      version: this.options.version,
      listener: {
        message: (message) => this.take(message),
        online: () => this.online(),
        connection: (connection) => {
          this.state.update({ connection });
          // The server, proven by the pinned authority, does not know this device any more: waiting would not help.
          if (connection.state === 'offline' && connection.problem.code === 'SP-1005') this.revoked(connection.problem);
        },
        liveSessions: () => this.supervisor.liveIds(),
      },
    });
    this.link = link;
    void this.targets.prepare(membership.identity.device.id);
    link.channel.start();
  }

  private online(): void {
    this.supervisor.online();
    this.feed.online(this.supervisor.liveIds());
    if (this.options.spares !== null) this.warm.prepare(this.options.spares.firstMs);
    void this.loadMe();
    void this.sync.scan();
    this.targets.changed();
    this.options.window.targetsChanged();
    this.options.window.recordingsChanged();
  }

  private take(message: ControlToLauncher): void {
    switch (message.type) {
      case 'hello':
      case 'lease':
      case 'kill':
        this.supervisor.take(message);
        return;
      case 'heartbeat':
        return;
      case 'frames-acknowledged':
        this.feed.acknowledged(message.sessionId, message.offset);
        return;
      case 'changed':
        if (message.what.includes('targets')) {
          this.targets.changed();
          this.options.window.targetsChanged();
        }
        if (message.what.includes('recordings')) this.options.window.recordingsChanged();
        if (message.what.includes('me')) void this.loadMe();
        return;
      case 'revoked':
        this.revoked(message.problem);
        return;
    }
  }

  /** May be told more than once: by a message, by how the link was closed, by the refusal of the next one. */
  private revoked(problem: Problem): void {
    if (this.leaving || this.link === null) return;
    this.leaving = true;
    this.options.log('device.revoked');
    void this.forget(problem).finally(() => {
      this.leaving = false;
    });
  }

  private async loadMe(): Promise<void> {
    const { link } = this;
    if (link === null) return;
    try {
      const me = await link.caller.call('me');
      const { identity, place } = link.membership;
      if (this.link === link)
        this.state.update({ enrolment: { state: 'enrolled', address: identity.address, me, deviceKey: place } });
    } catch (error) {
      this.options.log('me.failed', { code: toProblem(error).code });
    }
  }

  /** What policy says of this device's disk, as last heard; until then its defaults. */
  private spoolPolicy(): Me['policy']['spool'] {
    const { enrolment } = this.state.get();
    const heard = enrolment.state === 'enrolled' ? enrolment.me?.policy.spool : undefined;
    return heard ?? { quotaBytes: 4_096_000_000, keepStoredHours: 0 };
  }

  private async requireRoom(running: number): Promise<void> {
    const { quotaBytes } = this.spoolPolicy();
    const look = async () => {
      const use = await measureSpool(join(this.options.folder, 'spool'), (sessionId) =>
        this.supervisor.liveIds().includes(sessionId),
      );
      return roomProblem(use, { quotaBytes, running });
    };
    if ((await look()) === null) return;
    // Copies of what is stored go before anyone is refused.
    await this.sync.releaseStored(lastUploadMs);
    const problem = await look();
    if (problem !== null) throw problem;
  }

  private firstRun(problem: Problem | null): AppState['enrolment'] {
    const { managed } = this.options;
    return {
      state: 'first-run',
      managed: managed === null ? null : { address: managed.address, organisation: managed.organisation },
      problem,
    };
  }

  private requireLink(): ControlLink {
    if (this.link === null) throw new SallyportError('SP-1008', 'This device is not enrolled. Enter an invite first.');
    return this.link;
  }
}
