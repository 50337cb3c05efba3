import { randomUUID } from 'node:crypto';
import type { MessagePortMain } from 'electron';
import { openDocument } from '../../recording/signatures/signed.ts';
import { SallyportError, toProblem } from '../../shared/errors/result.ts';
import type { EndReason } from '../../shared/model/session.ts';
import type { TargetView } from '../../shared/model/target.ts';
import type { ControlToLauncher, LauncherToControl } from '../../shared/protocol/control-channel.ts';
import type { SessionView } from '../../shared/protocol/ipc.ts';
import type { OwnerToSession, SessionToOwner } from '../../shared/protocol/session-control.ts';
import { namespaces, type OrderPayload, orderPayloadSchema, type Signed } from '../../shared/protocol/signed.ts';
import type { ControlCaller } from '../control-client/client.ts';
import type { ProofMaker } from '../control-client/proof.ts';
import type { Forked } from '../forked.ts';
import type { Membership } from '../identity/identity.ts';
import type { Log } from '../log.ts';
import { authorise } from './authorise.ts';
import { type Barring, ManagedSession, type StartOrder } from './managed-session.ts';
import { Reports } from './reports.ts';
import { toView } from './session-view.ts';
import { makeSpoolFolder } from './spool-folder.ts';
import { Throttle } from './throttle.ts';

export interface ConnectRequest {
  targetId: string;
  login: string;
  reason: string | null;
  ticket: string | null;
  cols: number;
  rows: number;
}

/** The membership of the moment and what speaks for it. Replaced as a whole when the device is enrolled or forgotten. */
export interface Link {
  membership: Membership;
  caller: ControlCaller;
  proofs: ProofMaker;
  /** Sends on the control channel; false while it is down. */
  send(message: LauncherToControl): boolean;
}

export interface SupervisorOptions {
  spool: string;
  software: string;
  fork: () => Forked<OwnerToSession>;
  link: () => Link | null;
  log: Log;
  onChange: () => void;
  /** Throws SP-3012 when the recording of one more session, beside `running` others, has no room. */
  room: (running: number) => Promise<void>;
  /** Something of this session lies in the spool and wants to go to the store. */
  onSpooled: (sessionId: string) => void;
  /** The journal of this session has grown. */
  onJournaled: (sessionId: string) => void;
  /** Its process writes no more. May come twice. */
  onReleased: (sessionId: string) => void;
  onEnded: (sessionId: string, reason: EndReason) => void;
}

/** Each is a process of its own: a page gone wrong must not be able to fill the machine with them. */
const mostSessions = 64;

type Head = Extract<SessionToOwner, { type: 'head' }>;

/** All sessions of this launcher: starts them, forwards orders and leases, reports to the control server. */
export class Supervisor {
  private readonly sessions = new Map<string, ManagedSession>();
  /** Orders for sessions that this launcher does not (yet) know: such a session must never start. */
  private readonly barred = new Map<string, Barring>();
  private readonly reports: Reports;
  /** Sessions whose folder belongs to a process, from before the folder is made until that process has had its last word. */
  private readonly claimed = new Set<string>();
  private readonly heads = new Map<string, Throttle<Head>>();
  private serverClockAheadMs = 0;
  private readonly options: SupervisorOptions;

  constructor(options: SupervisorOptions) {
    this.options = options;
    this.reports = new Reports({
      send: (message) => this.send(message),
      deviceId: () => options.link()?.membership.identity.device.id ?? null,
    });
  }

  list(): SessionView[] {
    return [...this.sessions.values()].map((session) => toView(session.view));
  }

  /** Ids of sessions whose process still writes: the sync agent leaves their folders in place, and `hello` names them. */
  liveIds(): string[] {
    return [...this.claimed];
  }

  /** Sessions that a quit would end. */
  runningCount(): number {
    return [...this.sessions.values()].filter((session) => !session.hasEnded).length;
  }

  /** Starts a session; returns its local id at once. What refuses it shows as the session's end. Throws SP-1008 when not enrolled. */
  connect(request: ConnectRequest, target: TargetView): string {
    if (this.options.link() === null)
      throw new SallyportError('SP-1008', 'This device is not enrolled. Enter an invite first.');
    if (this.runningCount() >= mostSessions) {
      throw new SallyportError(
        'SP-5004',
        `${mostSessions} sessions run in this launcher, which is the most it takes. Close one, then connect again.`,
      );
    }
    const id = randomUUID();
    const session = new ManagedSession({
      facts: {
        id,
        targetId: target.id,
        targetName: target.name,
        address: target.address,
        login: request.login,
        production: target.production,
        route: target.route,
        credential: target.logins.find((login) => login.name === request.login)?.credential ?? 'certificate',
        reason: request.reason,
        ticket: request.ticket,
      },
      child: this.options.fork(),
      log: this.options.log,
      effects: {
        authorise: (sessionKey) => this.authorise(request, sessionKey),
        barring: (sessionId) => this.barred.get(sessionId) ?? null,
        loginSignature: async (sessionId, facts) =>
          (await this.requireLink().caller.call('loginSignature', { params: { sessionId }, body: facts })).signature,
        sealedPassword: async (sessionId, facts) =>
          (await this.requireLink().caller.call('sealedPassword', { params: { sessionId }, body: facts })).sealed,
        changed: this.options.onChange,
        opened: (sessionId) => {
          this.send({ type: 'session-opened', sessionId, at: new Date().toISOString() });
          this.options.onSpooled(sessionId);
        },
        head: (sessionId, head) => {
          this.options.onJournaled(sessionId);
          this.throttleOf(sessionId).offer(head);
        },
        sealed: this.options.onSpooled,
        released: (sessionId) => {
          this.claimed.delete(sessionId);
          this.options.onReleased(sessionId);
          this.options.onSpooled(sessionId);
        },
        socketClosed: (sessionId, orderId, closedMs) => this.reports.orderDone(sessionId, orderId, closedMs),
        ended: (sessionId, reason) => this.ended(sessionId, reason),
      },
    });
    this.sessions.set(id, session);
    this.options.onChange();
    return id;
  }

  /** Gives the session its screen. Throws SP-5002 for an unknown one, SP-9002 when it has had a screen or has ended. */
  attach(id: string, openPort: () => MessagePortMain): void {
    const session = this.require(id);
    if (!session.canAttach)
      throw new SallyportError(
        'SP-9002',
        'This session already has its screen or has ended. Connect again for a new one.',
      );
    session.attach(openPort());
  }

  /** Ends what had a screen that is gone. */
  disconnectScreens(): void {
    for (const session of this.sessions.values()) if (!session.canAttach) session.disconnect('quit');
  }

  disconnect(id: string): void {
    this.require(id).disconnect('person');
  }

  /** Forgets an ended session. A running one is disconnected instead. */
  close(id: string): void {
    const session = this.require(id);
    if (!session.hasEnded) {
      session.disconnect('person');
      return;
    }
    this.sessions.delete(id);
    this.options.onChange();
  }

  /** Ends every session and resolves when all processes are gone, or after `limitMs`. */
  async disconnectAll(limitMs: number, by: 'quit' | 'revoked' = 'quit'): Promise<void> {
    const all = [...this.sessions.values()];
    for (const session of all) session.disconnect(by);
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, limitMs);
    });
    await Promise.race([Promise.all(all.map((session) => session.whenExited())), limit]);
    clearTimeout(timer);
  }

  /** The machine woke up: every lease is void until a new one comes. */
  resumed(): void {
    for (const session of this.sessions.values()) session.resumed();
  }

  /** The server has stored a part of the record: shown, and forwarded to the session, whose manifest it becomes a line of. */
  receipt(sessionId: string, receipt: { signed: Signed; bytes: number; atMs: number; ended: boolean }): void {
    this.bySessionId(sessionId)?.receipt(receipt);
  }

  /** The control channel is up: tell what could not be told before. */
  online(): void {
    for (const { view } of this.sessions.values()) {
      if (view.sessionId !== null && view.openedAtMs !== null && view.state.state !== 'ended') {
        this.send({ type: 'session-opened', sessionId: view.sessionId, at: new Date(view.openedAtMs).toISOString() });
      }
    }
    this.reports.online();
  }

  /** Takes what the control server says about sessions. */
  take(message: Extract<ControlToLauncher, { type: 'hello' | 'lease' | 'kill' }>): void {
    switch (message.type) {
      case 'hello':
        this.serverClockAheadMs = Date.parse(message.serverTime) - Date.now();
        return;
      case 'lease':
        this.bySessionId(message.sessionId)?.lease(message.lease);
        return;
      case 'kill':
        this.kill(message);
        return;
    }
  }

  private kill(message: Extract<ControlToLauncher, { type: 'kill' }>): void {
    const link = this.options.link();
    if (link === null) return;
    let payload: OrderPayload;
    try {
      payload = openDocument({
        signed: message.order,
        publicKey: link.membership.identity.serverKey,
        namespace: namespaces.order,
        schema: orderPayloadSchema,
      });
    } catch {
      this.options.log('order.refused', { orderId: message.orderId, because: 'signature' });
      return;
    }
    if (payload.sessionId !== message.sessionId || payload.orderId !== message.orderId) {
      this.options.log('order.refused', { orderId: message.orderId, because: 'names another session' });
      return;
    }
    const session = this.bySessionId(payload.sessionId);
    const receivedMs = Math.max(0, Date.now() + this.serverClockAheadMs - Date.parse(payload.requestedAt));
    // Forward first: the acknowledgement is for the people who watch, the socket is what counts.
    session?.kill({ signed: message.order, payload, receivedMs });
    link.send({ type: 'order-received', orderId: payload.orderId, at: new Date().toISOString() });
    if (session !== undefined) return;
    // No process of ours has that session: it ended in an earlier run, or its grant is still on its way and will be barred.
    this.barred.set(payload.sessionId, { payload, receivedMs });
    this.reports.orderDone(payload.sessionId, payload.orderId, 0);
  }

  private async authorise(request: ConnectRequest, sessionKey: string): Promise<StartOrder> {
    // Before the server registers a session that would then have no record.
    await this.options.room(Math.max(0, this.runningCount() - 1));
    const link = this.requireLink();
    const { targetId, login, reason, ticket } = request;
    const { identity, key } = link.membership;
    const { grant, payload, lease, sessionKeyCertificate } = await authorise({
      caller: link.caller,
      membership: link.membership,
      request: { targetId, login, reason, ticket },
      sessionKey,
    });
    const { sessionId } = payload;
    const relay = payload.route === 'relay' ? await relayOf(link, sessionId) : null;
    // From here on nothing may fail without giving the claim back.
    this.claimed.add(sessionId);
    const facts = {
      version: 0 as const,
      sessionId,
      userId: identity.user.id,
      deviceId: identity.device.id,
      targetName: payload.target.name,
      startedAt: new Date().toISOString(),
      sessionKey,
      sessionKeyCertificate,
      server: identity.address,
    };
    const folder = await makeSpoolFolder(this.options.spool, facts, grant).catch((error: unknown) => {
      this.claimed.delete(sessionId);
      const failed = spoolFailed(error);
      // The server has it registered: without a word it would look like a session whose record was withheld.
      this.ended(sessionId, { kind: 'connect-failed', problem: toProblem(failed) });
      throw failed;
    });
    return {
      sessionId,
      route: payload.route,
      recordMode: payload.recordMode,
      address: `${payload.target.host}:${payload.target.port}`,
      maxSeconds: payload.limits.maxSeconds,
      start: {
        type: 'start',
        folder,
        grant,
        lease,
        serverKey: identity.serverKey,
        sessionKeyCertificate,
        deviceKey: key.line,
        relay,
        terminal: { cols: request.cols, rows: request.rows, term: 'xterm-256color' },
        software: this.options.software,
      },
    };
  }

  private ended(sessionId: string | null, reason: EndReason): void {
    if (sessionId === null) return;
    this.heads.get(sessionId)?.flush();
    this.heads.delete(sessionId);
    this.reports.ended(sessionId, reason);
    this.options.onEnded(sessionId, reason);
  }

  private send(message: LauncherToControl): boolean {
    return this.options.link()?.send(message) ?? false;
  }

  private throttleOf(sessionId: string): Throttle<Head> {
    const known = this.heads.get(sessionId);
    if (known !== undefined) return known;
    const made = new Throttle<Head>(1000, ({ outputBytes, inputBytes, frames, chain }) => {
      this.send({ type: 'recording-head', sessionId, outputBytes, inputBytes, frames, chain });
    });
    this.heads.set(sessionId, made);
    return made;
  }

  private bySessionId(sessionId: string): ManagedSession | undefined {
    return [...this.sessions.values()].find((session) => session.view.sessionId === sessionId);
  }

  private require(id: string): ManagedSession {
    const session = this.sessions.get(id);
    if (session === undefined)
      throw new SallyportError('SP-5002', 'This session is not open in this launcher any more.');
    return session;
  }

  private requireLink(): Link {
    const link = this.options.link();
    if (link === null)
      throw new SallyportError('SP-1008', 'This device is not enrolled any more. Enter an invite first.');
    return link;
  }
}

async function relayOf(link: Link, sessionId: string): Promise<{ url: string; proof: string; trustRoot: string }> {
  const { address, trustRoot } = link.membership.identity;
  const url = `${address.replace(/^https:/, 'wss:')}/v1/relay/${sessionId}`;
  return { url, proof: await link.proofs.proof('GET', url), trustRoot };
}

function spoolFailed(error: unknown): SallyportError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  const why = code === 'ENOSPC' || code === 'EDQUOT' ? 'its disk is full' : `the file system answered ${code}`;
  return new SallyportError(
    'SP-3011',
    `The record cannot be kept on this machine: ${why}. Nothing was opened. Free space or repair the folder, then connect again.`,
    { facts: { fault: code }, cause: error },
  );
}
