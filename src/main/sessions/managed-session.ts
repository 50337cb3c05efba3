import type { MessagePortMain } from 'electron';
import { SallyportError, toProblem } from '../../shared/errors/result.ts';
import type { EndReason, RecordMode } from '../../shared/model/session.ts';
import {
  type OwnerToSession,
  type SessionToOwner,
  sessionToOwnerSchema,
} from '../../shared/protocol/session-control.ts';
import { leasePayloadSchema, type OrderPayload, type Signed } from '../../shared/protocol/signed.ts';
import type { Forked } from '../forked.ts';
import type { Log } from '../log.ts';
import { disconnectLimits, type EndWatch, killLimits, type Limits, watchStep } from './kill-watch.ts';
import {
  killedBy,
  newSession,
  reduceSession,
  type SessionEvent,
  type SessionFacts,
  type TrackedSession,
} from './session-view.ts';

/** How long a healthy process may take to say `ready`, and to leave after `ended`. */
const readyMs = 15_000;
const leaveMs = 2000;

export interface StartOrder {
  sessionId: string;
  address: string;
  route: 'relay' | 'direct';
  recordMode: RecordMode;
  maxSeconds: number;
  start: Extract<OwnerToSession, { type: 'start' }>;
}

/** An order for a session that was not there yet. `receivedMs`: from the order's acceptance to its receipt here. */
export interface Barring {
  payload: OrderPayload;
  receivedMs: number;
}

/** What the broker wants to see before it seals a password. */
export type SealRequest = Omit<Extract<SessionToOwner, { type: 'sealed-password' }>, 'type' | 'id'>;

/** What one session needs of its surroundings. `closedMs`: from the receipt of the order on the monotonic clock. */
export interface SessionEffects {
  /** Runs when the process has said `ready`: gets the grant and makes the folder. Throws what refuses the session. */
  authorise(sessionKey: string): Promise<StartOrder>;
  /** The order that came for this session before it was known here, or null. Asked last of all before the session starts. */
  barring(sessionId: string): Barring | null;
  loginSignature(
    sessionId: string,
    facts: { sshSessionId: string; hostKey: string; hostSignature: string; toSign: string },
  ): Promise<string>;
  /** The password of a sealed-password login. Sealed to the session process: this one cannot open it. */
  sealedPassword(sessionId: string, facts: SealRequest): Promise<string>;
  changed(): void;
  opened(sessionId: string): void;
  head(sessionId: string, head: Extract<SessionToOwner, { type: 'head' }>): void;
  /** Something of it lies in its folder and wants to go to the store. */
  sealed(sessionId: string): void;
  /** Once for every order. */
  socketClosed(sessionId: string, orderId: string, closedMs: number): void;
  /** The process is gone or has said its last word: its folder is now nobody's but the sync agent's. May come twice. */
  released(sessionId: string): void;
  /** Once, when the session has ended for good; `sessionId` is null when it never got one. */
  ended(sessionId: string | null, reason: EndReason): void;
}

/**
 * One session process from fork to exit. Whatever happens, there is one end, it has a reason, and no process outlives it: every request to end has
 * time limits after which the process is killed.
 */
export class ManagedSession {
  private tracked: TrackedSession;
  private readonly child: Forked<OwnerToSession>;
  private readonly effects: SessionEffects;
  private readonly log: Log;
  private started = false;
  private gone = false;
  private attached = false;
  private waitingPort: MessagePortMain | null = null;
  private order: { payload: OrderPayload; ids: Set<string>; receivedAt: number; closedMs: number | null } | null = null;
  private watch: EndWatch | null = null;
  private timer: NodeJS.Timeout | null;
  private readonly exited: Promise<void>;
  private resolveExited: () => void = () => undefined;

  constructor(options: { facts: SessionFacts; child: Forked<OwnerToSession>; effects: SessionEffects; log: Log }) {
    this.tracked = newSession(options.facts);
    this.child = options.child;
    this.effects = options.effects;
    this.log = options.log;
    this.exited = new Promise((resolve) => {
      this.resolveExited = resolve;
    });
    this.timer = setTimeout(() => this.giveUp('It did not start in time.', 'SP-9004'), readyMs);
    this.child.onMessage((raw) => this.take(raw));
    this.child.onExit((code) => this.exit(code));
  }

  get view(): TrackedSession {
    return this.tracked;
  }

  get hasEnded(): boolean {
    return this.tracked.state.state === 'ended';
  }

  /** Resolves when the process is gone. */
  whenExited(): Promise<void> {
    return this.exited;
  }

  /** A session has one screen in its life. */
  get canAttach(): boolean {
    return !this.attached && !this.hasEnded;
  }

  /** Hands over the screen's port. Call only while `canAttach`. */
  attach(port: MessagePortMain): void {
    this.attached = true;
    if (this.started) this.child.send({ type: 'port' }, port);
    else this.waitingPort = port;
  }

  lease(lease: Signed): void {
    if (!this.started || this.hasEnded) return;
    this.child.send({ type: 'lease', lease });
    this.showLease(lease);
  }

  resumed(): void {
    if (this.started && !this.hasEnded) this.child.send({ type: 'resumed' });
  }

  receipt({ signed, ...facts }: { signed: Signed; bytes: number; atMs: number; ended: boolean }): void {
    this.apply({ type: 'receipt', ...facts });
    // One that says ended covers the end line: there is no line after it.
    if (this.started && !this.hasEnded && !facts.ended) this.child.send({ type: 'receipt', receipt: signed });
  }

  disconnect(by: 'person' | 'quit' | 'revoked'): void {
    if (this.hasEnded || this.watch !== null) return;
    if (!this.started) {
      this.end({ kind: 'disconnected', by }, false);
      this.child.sigkill();
      return;
    }
    this.child.send({ type: 'disconnect', by });
    this.apply({ type: 'state', state: { state: 'closing' }, atMs: Date.now() });
    this.startWatch(disconnectLimits);
  }

  /** Obeys a verified order: forwarded at once, then watched. Asked again, it answers again. `receivedMs`: from acceptance to receipt. */
  kill(order: { signed: Signed; payload: OrderPayload; receivedMs: number }): void {
    if (this.order !== null) {
      this.order.ids.add(order.payload.orderId);
      if (this.order.closedMs !== null) this.orderDone(order.payload, this.order.closedMs);
      return;
    }
    if (this.hasEnded) {
      this.orderDone(order.payload, 0);
      return;
    }
    this.order = {
      payload: order.payload,
      ids: new Set([order.payload.orderId]),
      receivedAt: performance.now(),
      closedMs: null,
    };
    if (this.started) this.child.send({ type: 'kill', orderId: order.payload.orderId, order: order.signed });
    this.apply({ type: 'kill', order: order.payload, receivedMs: order.receivedMs });
    if (this.started) {
      this.startWatch(killLimits);
      return;
    }
    // Nothing has been opened yet, so nothing needs to be sealed.
    this.child.sigkill();
    this.socketIsClosed();
    this.end(killedBy(order.payload), false);
  }

  private take(raw: unknown): void {
    const parsed = sessionToOwnerSchema.safeParse(raw);
    if (!parsed.success) {
      this.giveUp('It sent a message of an unknown shape.', 'SP-9002');
      return;
    }
    const message = parsed.data;
    const { sessionId } = this.tracked;
    switch (message.type) {
      case 'ready':
        if (this.tracked.state.state === 'requested' && !this.started) void this.begin(message.sessionKey);
        return;
      case 'state': {
        const wasOpen = this.tracked.openedAtMs !== null;
        this.apply({ type: 'state', state: message.state, atMs: Date.now() });
        if (!wasOpen && this.tracked.openedAtMs !== null && sessionId !== null) this.effects.opened(sessionId);
        return;
      }
      case 'login-signature':
        if (sessionId !== null) void this.sign(sessionId, message);
        return;
      case 'sealed-password':
        if (sessionId !== null) void this.seal(sessionId, message);
        return;
      case 'head':
        this.apply({
          type: 'head',
          bytes: message.outputBytes + message.inputBytes,
          syncedAtMs: Date.parse(message.syncedAt),
        });
        if (sessionId !== null) this.effects.head(sessionId, message);
        return;
      case 'sealed':
        if (sessionId !== null) this.effects.sealed(sessionId);
        return;
      case 'socket-closed':
        this.socketIsClosed();
        return;
      case 'ended':
        this.socketIsClosed();
        this.end(message.reason, message.complete);
        if (sessionId !== null) this.effects.released(sessionId);
        this.timer = setTimeout(() => this.child.sigkill(), leaveMs);
        return;
      case 'screen':
        return;
    }
  }

  private async begin(sessionKey: string): Promise<void> {
    this.stopTimer();
    try {
      const order = await this.effects.authorise(sessionKey);
      if (this.tracked.state.state === 'ended') {
        // Given up meanwhile; the server has it registered and is told how it ended.
        this.effects.ended(order.sessionId, this.tracked.state.reason);
        this.effects.released(order.sessionId);
        return;
      }
      this.apply({
        type: 'authorised',
        sessionId: order.sessionId,
        route: order.route,
        recordMode: order.recordMode,
        address: order.address,
        maxSeconds: order.maxSeconds,
      });
      const barring = this.effects.barring(order.sessionId);
      if (barring !== null) {
        this.killedBeforeStart(barring);
        return;
      }
      this.started = true;
      this.child.send(order.start);
      this.showLease(order.start.lease);
      if (this.waitingPort !== null) this.child.send({ type: 'port' }, this.waitingPort);
      this.waitingPort = null;
    } catch (error) {
      this.end({ kind: 'connect-failed', problem: toProblem(error) }, false);
      this.child.sigkill();
    }
  }

  /** For the screen's countdown only, so unverified: the session process verifies it and alone acts on it. */
  private showLease({ payload }: Signed): void {
    try {
      const { durationMs } = leasePayloadSchema.parse(JSON.parse(payload));
      this.apply({ type: 'lease', untilMs: Date.now() + durationMs });
    } catch {
      // The session process refuses it too: nothing has changed.
    }
  }

  /** The order was answered when it came: there was no socket, and there will be none. */
  private killedBeforeStart({ payload, receivedMs }: Barring): void {
    this.apply({ type: 'kill', order: payload, receivedMs });
    this.apply({ type: 'socket-closed', closedMs: 0 });
    this.end(killedBy(payload), false);
    this.child.sigkill();
  }

  private async sign(sessionId: string, message: Extract<SessionToOwner, { type: 'login-signature' }>): Promise<void> {
    const { id, sshSessionId, hostKey, hostSignature, toSign } = message;
    try {
      const signature = await this.effects.loginSignature(sessionId, { sshSessionId, hostKey, hostSignature, toSign });
      this.child.send({ type: 'login-signature-answer', id, signature, problem: null });
    } catch (error) {
      this.child.send({ type: 'login-signature-answer', id, signature: null, problem: toProblem(error) });
    }
  }

  private async seal(sessionId: string, message: Extract<SessionToOwner, { type: 'sealed-password' }>): Promise<void> {
    const { type: _type, id, ...facts } = message;
    try {
      const sealed = await this.effects.sealedPassword(sessionId, facts);
      this.child.send({ type: 'sealed-password-answer', id, sealed, problem: null });
    } catch (error) {
      this.child.send({ type: 'sealed-password-answer', id, sealed: null, problem: toProblem(error) });
    }
  }

  /**
   * The socket to the target is closed. The time is main's own, from the receipt of the order: the few ms of the two messages in between are
   * counted too, so the number never flatters.
   */
  private socketIsClosed(): void {
    if (this.watch !== null) this.watch = { ...this.watch, socketClosed: true };
    if (this.order === null || this.order.closedMs !== null) return;
    const closedMs = performance.now() - this.order.receivedAt;
    this.order.closedMs = closedMs;
    this.apply({ type: 'socket-closed', closedMs: Math.round(closedMs * 10) / 10 });
    for (const orderId of this.order.ids) this.orderDone({ ...this.order.payload, orderId }, closedMs);
  }

  private orderDone(order: OrderPayload, closedMs: number): void {
    this.effects.socketClosed(order.sessionId, order.orderId, closedMs);
  }

  private startWatch(limits: Limits): void {
    this.stopTimer();
    this.watch = {
      askedAt: performance.now(),
      socketClosed: this.watch?.socketClosed ?? false,
      overdueSaid: false,
      limits,
    };
    this.stepWatch();
  }

  private stepWatch(): void {
    if (this.watch === null || this.gone || this.hasEnded) return;
    const step = watchStep(this.watch, performance.now());
    switch (step.act) {
      case 'say-overdue':
        this.watch = { ...this.watch, overdueSaid: true };
        this.log('session.end-overdue', { sessionId: this.tracked.sessionId });
        this.stepWatch();
        return;
      case 'sigkill':
        this.log('session.sigkill', { sessionId: this.tracked.sessionId, because: step.because });
        this.child.sigkill();
        return;
      case 'wait':
        this.timer = setTimeout(() => this.stepWatch(), Math.max(1, step.ms));
        return;
    }
  }

  private exit(code: number): void {
    this.stopTimer();
    this.gone = true;
    // A dead process holds no socket: whatever was open is closed now.
    this.socketIsClosed();
    if (!this.hasEnded) {
      this.log('session.exit-without-end', { sessionId: this.tracked.sessionId, code });
      this.end(this.reasonOfDeath(), false);
    }
    if (this.tracked.sessionId !== null) this.effects.released(this.tracked.sessionId);
    this.resolveExited();
  }

  private reasonOfDeath(): EndReason {
    if (this.order !== null) return killedBy(this.order.payload);
    const asked = this.tracked.state.state === 'closing';
    return {
      kind: 'process-crashed',
      problem: {
        code: asked ? 'SP-9004' : 'SP-9003',
        message: asked
          ? 'The session did not close in time and was ended. What was recorded is kept and will be sent as incomplete.'
          : 'The session process stopped unexpectedly. What was recorded is kept and will be sent as incomplete. Reconnect to go on.',
      },
    };
  }

  /** Ends a process that no longer follows the protocol: nothing it says counts any more. */
  private giveUp(what: string, code: 'SP-9002' | 'SP-9004'): void {
    if (!this.hasEnded) {
      const error = new SallyportError(
        code,
        `The session process does not work as it should. ${what} It was ended; what was recorded is kept. Connect again; if it stays, report the code.`,
      );
      this.end({ kind: 'process-crashed', problem: toProblem(error) }, false);
    }
    this.child.sigkill();
  }

  private end(reason: EndReason, complete: boolean): void {
    if (this.hasEnded) return;
    this.stopTimer();
    this.waitingPort?.close();
    this.waitingPort = null;
    this.apply({ type: 'ended', reason, complete, atMs: Date.now() });
    this.effects.ended(this.tracked.sessionId, reason);
  }

  private apply(event: SessionEvent): void {
    const next = reduceSession(this.tracked, event);
    if (next === this.tracked) return;
    this.tracked = next;
    this.effects.changed();
  }

  private stopTimer(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }
}
