import type { KeyObject } from 'node:crypto';
import { publicKeyLine } from '../recording/signatures/keys.ts';
import { type Problem, toProblem } from '../shared/errors/result.ts';
import { type EndReason, evidenceLevelOf } from '../shared/model/session.ts';
import type { OwnerToSession } from '../shared/protocol/session-control.ts';
import { type GrantPayload, loginKindOf } from '../shared/protocol/signed.ts';
import { markerText } from '../shared/record/markers.ts';
import { type Anchors, makeAnchors } from './anchors.ts';
import { authorise, type Issuer, makeIssuer, type StartMessage } from './authorise.ts';
import { makeBannerWriter } from './banner-writer.ts';
import { makeChannelRefusals } from './channel-refusals.ts';
import { makeDraining } from './draining.ts';
import { channelFloodReason, malformedReason, reasonOf, strayReason } from './end-reasons.ts';
import { makeEnding } from './ending.ts';
import type { Now } from './lease.ts';
import { advance, inputPasses, type Lifecycle, type LifecycleEvent, outputPasses, requested } from './lifecycle.ts';
import { type Limits, makeLimits } from './limits.ts';
import { makeLoginSignatures } from './login-signatures.ts';
import type { OwnerLink, OwnerListener } from './owner/owner-link.ts';
import { makePipeline, type Pipeline } from './pipeline.ts';
import { makeScreenPort } from './port/screen-port.ts';
import { takeReceipt } from './receipts.ts';
import { type RecordReport, reportRecord } from './record-report.ts';
import { BestEffortRecorder } from './recorder/best-effort.ts';
import type { Recorder, RecorderOptions } from './recorder/recorder.ts';
import { makeSealedPasswords } from './sealed-passwords.ts';
import { makeShellTarget, type ShellTarget } from './shell-target.ts';
import { openShell, type Shell } from './ssh/connect.ts';
import { reach } from './ssh/relay.ts';
import type { Wire, WireEnd } from './ssh/wire.ts';
import { clampSize, type TerminalSize } from './terminal-size.ts';
import { within } from './within.ts';

export interface SessionParts {
  link: Pick<OwnerLink, 'send' | 'flushed'>;
  /** ed25519, made in this process. */
  sessionKey: KeyObject;
  openRecorder(options: RecorderOptions): Promise<Recorder>;
  now(): Now;
  exit(code: number): void;
}

export interface Session extends OwnerListener {
  /** Something threw that nobody caught: the session ends. */
  crashed(error: unknown): void;
}

type ExitReason = Extract<EndReason, { kind: 'exit' }>;

/** In milliseconds. */
const times = {
  tick: 250,
  lastAnchor: 1000,
  goodbye: 300,
  orderAfterCut: 2000,
  wireWords: 200,
};

/** How a login by password was made, for whoever reads the record. */
const passwordMarks = {
  password: 'Logged in by the control server with the stored password, which never was on the device.',
  'sealed-password': 'Logged in with the stored password, which reached the endpoint: it was sealed to this session.',
};

/** One SSH session from start to sealed record: the effects around the state machine. */
export function makeSession(parts: SessionParts): Session {
  const { link, now } = parts;
  const ownKey = publicKeyLine(parts.sessionKey);
  const giveUp = new AbortController();
  const signatures = makeLoginSignatures(link.send);
  const passwords = makeSealedPasswords({ send: link.send, sessionKey: parts.sessionKey });
  const ending = makeEnding(parts);
  let life: Lifecycle = requested;
  let started = false;
  let issuer: Issuer | null = null;
  let size: TerminalSize = { cols: 80, rows: 24 };
  let recordedSize = size;
  let limits: Limits | null = null;
  let opening: Promise<Recorder> | null = null;
  let recorder: Recorder | null = null;
  let wire: Wire | null = null;
  let shell: Shell | null = null;
  let anchors: Anchors | null = null;
  let pipeline: Pipeline | null = null;
  let exit: ExitReason | null = null;
  let exitRecorded = false;
  let waitingForOrder = false;
  let ticking: NodeJS.Timeout | undefined;
  let report: RecordReport | null = null;
  let shellTarget: ShellTarget | null = null;
  const draining = makeDraining({
    pump: () => pipeline?.pump(),
    finish: () => pipeline?.finish(),
    holds: () => shellTarget?.holds() === true,
    over: drained,
  });

  const screen = makeScreenPort({
    input(data) {
      if (limits?.check() !== 'all') return;
      limits.typed();
      pipeline?.input(data);
    },
    resize(cols, rows) {
      size = clampSize({ cols, rows });
      // As with what is typed: the program is gone, and what is recorded is what the target was told.
      if (exit === null) pipeline?.resize(size.cols, size.rows);
    },
    disconnect: () => end({ kind: 'disconnected', by: 'person' }),
    room: () => pipeline?.pump(),
    malformed: () => end(malformedReason('The screen')),
  });

  function change(event: LifecycleEvent): boolean {
    const next = advance(life, event);
    if (next === life) return false;
    life = next;
    link.send({ type: 'state', state: next.state });
    screen.tell({ type: 'state', state: next.state });
    return true;
  }

  function mark(kind: string, text: string, bytes?: number): void {
    if (life.reason !== null) return;
    try {
      recorder?.marker(markerText({ kind, text, bytes }));
    } catch (error) {
      recordFailed(error);
    }
  }

  /** By policy the session outlives its record: whoever uses it and whoever owns it is told. */
  function recordStopped(problem: Problem): void {
    report?.unrecorded();
    anchors?.stop();
    link.send({ type: 'recording-stopped', problem });
    screen.tell({ type: 'recording-stopped', problem, atMs: Date.now() });
  }

  function recordFailed(error: unknown): void {
    end({ kind: 'recorder-failed', problem: toProblem(error) });
  }

  // --- Starting -------------------------------------------------------------------------------------------------------

  async function run(message: StartMessage): Promise<void> {
    const { grant, lease } = authorise(message, ownKey);
    issuer = makeIssuer(message.serverKey, grant.sessionId);
    size = clampSize(message.terminal);
    limits = makeLimits({
      lease,
      maxSeconds: grant.limits.maxSeconds,
      idleSeconds: grant.limits.idleSeconds,
      now,
      freeze,
      thaw,
      end,
    });
    ticking = setInterval(() => limits?.check(), times.tick);
    change({ type: 'authorised' });
    recordedSize = size;
    // The record is there before the first byte to the target: what cannot be recorded does not happen.
    const opened = parts.openRecorder({
      folder: message.folder,
      grant,
      grantSigned: message.grant,
      sessionKey: parts.sessionKey,
      sessionKeyCertificate: message.sessionKeyCertificate,
      deviceKey: message.deviceKey,
      terminal: { ...size, term: message.terminal.term },
      software: message.software,
    });
    opening = grant.recordMode === 'strict' ? opened : opened.then(outlived);
    recorder = await opening;
    recorder.onFailed((problem) => end({ kind: 'recorder-failed', problem }));
    report = reportRecord(recorder, link.send, screen.tell);
    if (life.reason !== null) report.stop();
    await connect(message, grant, recorder);
  }

  /** Before the shell is open nothing is lost by ending: such a session ends like a strict one. */
  function outlived(record: Recorder): Recorder {
    const mayGoOn = () => pipeline !== null && life.reason === null;
    return new BestEffortRecorder(record, { mayGoOn, stopped: recordStopped });
  }

  async function connect(message: StartMessage, to: GrantPayload, record: Recorder): Promise<void> {
    if (!change({ type: 'step', step: 'reaching' })) return;
    const reached = await reach(to, message.relay, giveUp.signal);
    wire = reached;
    if (life.reason !== null) return reached.destroy();
    void reached.closed.then(wireClosed);
    tellEvidence(to, 0);
    if (to.evidence.anchors)
      anchors = makeAnchors({
        grant: to,
        grantSigned: message.grant,
        recorder: record,
        kept: (count) => tellEvidence(to, count),
        hold: (held) => void (held ? reached.stream.pause() : reached.stream.resume()),
        failed: fail,
      });
    const showBanner = makeBannerWriter({
      mark,
      recorder: record,
      screen,
      failed: recordFailed,
      stopped: () => life.reason !== null,
    });
    const opened = await openShell({
      wire: reached,
      anchors,
      grant: to,
      serverKey: message.serverKey,
      terminal: { ...recordedSize, term: message.terminal.term },
      sign: (proof, toSign) => signatures.ask(proof, toSign),
      sealedPassword: (proof) => passwords.ask(to.sessionId, proof),
      step: (step) => change({ type: 'step', step }),
      banner: (text) => {
        // No target has words before the login when its program runs.
        if (pipeline === null) showBanner(text);
      },
      channelRefused: makeChannelRefusals({ mark, tooMany: () => end(channelFloodReason(to)) }),
      strayed: (what) => end(strayReason(to, what)),
    });
    shell = opened;
    if (life.reason !== null || waitingForOrder) return;
    mark('host-key', `${opened.facts.hostKey} ${opened.facts.cipher} ${opened.facts.kex}`);
    const loggedInBy = loginKindOf(to.credential);
    if (loggedInBy !== 'certificate') mark('login', passwordMarks[loggedInBy]);
    const events = { readable: () => pipeline?.pump(), exited, drained: () => drained(true) };
    const target = makeShellTarget(opened.channel, events, () => end(malformedReason('The screen')));
    shellTarget = target;
    pipeline = makePipeline({
      recorder: record,
      target,
      screen,
      outputPasses: () => limits?.check() !== 'nothing' && outputPasses(life),
      // The limits once more: what was typed may have waited for the record.
      inputPasses: () => exit === null && limits?.check() === 'all' && inputPasses(life),
      failed: recordFailed,
      overflow: () => end(malformedReason('The screen')),
      later: (next) => void setImmediate(next),
    });
    screen.tell({
      type: 'opened',
      target: to.target.name,
      login: to.login,
      ...opened.facts,
      loggedInBy,
      endsAtMs: limits?.endsAtMs ?? 0,
    });
    change({ type: 'opened' });
    // What happened on the way here: a lease that ran out, a screen that took another size.
    const frozenUntilMs = limits?.check() === 'all' ? null : (limits?.frozenEndsAtMs() ?? null);
    if (frozenUntilMs !== null) sayFrozen(frozenUntilMs);
    if (size !== recordedSize) pipeline.resize(size.cols, size.rows);
    pipeline.pump();
  }

  /** What stands behind the record by now. */
  function tellEvidence(grant: GrantPayload, count: number): void {
    const level = evidenceLevelOf({ anchors: count > 0, wire: grant.evidence.wire });
    const message = { type: 'evidence', level, anchors: count } as const;
    link.send(message);
    screen.tell(message);
  }

  function fail(error: unknown): void {
    if (!waitingForOrder) end(reasonOf(error));
  }

  // --- While it runs --------------------------------------------------------------------------------------------------

  function freeze(endsAtMs: number, gap: boolean): void {
    if (gap)
      mark('gap', 'The clock jumped or the machine was suspended: nothing passes until the server is heard again.');
    sayFrozen(endsAtMs);
  }

  function sayFrozen(endsAtMs: number): void {
    if (change({ type: 'frozen', why: 'lease', endsAtMs }))
      mark('freeze', 'No contact with the control server: what is typed from here on is not sent.');
  }

  function thaw(): void {
    if (change({ type: 'thawed' }))
      mark('thaw', 'Contact with the control server is back: what is typed from here on is sent.');
    pipeline?.pump();
  }

  /** From here on nothing is recorded as typed: nobody would get it. */
  function exited(status: number | null, signal: string | null): void {
    exit = { kind: 'exit', status, signal };
    draining.begin();
  }

  /** Nothing more comes from the target. Whether it or the network ended that, the wire's own end says, a moment later. `whole`: all that came was recorded. */
  function drained(whole: boolean): void {
    if (exit !== null) {
      // An exit says that nothing is missing.
      if (whole) void endAnchored(exit);
      else end({ kind: 'disconnected', by: 'network' });
      return;
    }
    void within(times.wireWords, wire?.closed).then((how) => {
      const target = how === undefined || how.kind === 'ended';
      if (!waitingForOrder) end({ kind: 'disconnected', by: target ? 'target' : 'network' });
    });
  }

  /** While the connection is still there the host key signs the whole record but its end line. */
  async function endAnchored(reason: ExitReason): Promise<void> {
    const record = recorder;
    if (anchors !== null && record !== null && life.reason === null && !exitRecorded) {
      pipeline?.stop();
      recordExit(record, reason);
      const last = anchors.anchorEnd(() => record.sealOpen());
      await within(times.lastAnchor, Promise.race([last, wire?.closed]));
    }
    end(reason);
  }

  function recordExit(record: Recorder, reason: ExitReason): void {
    if (exitRecorded) return;
    exitRecorded = true;
    try {
      record.exit(reason.signal ?? String(reason.status ?? ''));
    } catch {
      // A record that fails now says so when it is closed.
    }
  }

  function wireClosed(how: WireEnd): void {
    if (life.reason !== null) return;
    if (how.kind === 'killed') {
      // The relay was faster than the order: nothing passes any more, and the order says who and why.
      waitingForOrder = true;
      pipeline?.stop();
      setTimeout(() => end({ kind: 'disconnected', by: 'network' }), times.orderAfterCut);
    } else if (how.kind === 'lease-expired' || how.kind === 'time-limit') {
      end({ kind: how.kind });
    } else if (how.kind === 'refused' && how.problem.code === 'SP-1005' && shell !== null) {
      end({ kind: 'disconnected', by: 'revoked' });
    } else if (shell !== null) {
      draining.begin();
    }
  }

  // --- Ending ---------------------------------------------------------------------------------------------------------

  /** First the socket, then everything else. */
  function cut(): void {
    wire?.destroy();
    giveUp.abort();
    pipeline?.stop();
  }

  function end(reason: EndReason, order: { orderId: string; receivedMs: number } | null = null): void {
    const first = life.reason === null;
    if (!first && order === null) return;
    clearInterval(ticking);
    report?.stop();
    draining.stop();
    anchors?.stop();
    const beganMs = order?.receivedMs ?? now().monotonicMs;
    if (first && reason.kind === 'exit') {
      pipeline?.stop();
      shell?.goodbye();
      setTimeout(cut, times.goodbye);
    } else {
      cut();
    }
    const closed = ending.reportClosed(wire, beganMs, order?.orderId ?? null);
    if (change({ type: 'end', reason }))
      void closed.then(() => ending.finish(reason, seal, () => change({ type: 'sealed' })));
  }

  /** `complete`: the record has its signed end. */
  async function seal(reason: EndReason): Promise<boolean> {
    const record = recorder ?? (await opening);
    if (record === null) return false;
    if (reason.kind === 'exit') recordExit(record, reason);
    return (await record.close(reason)).complete;
  }

  function kill(message: Extract<OwnerToSession, { type: 'kill' }>): void {
    const receivedMs = now().monotonicMs;
    // Before there is a grant nothing can be checked, and nothing is lost by ending.
    const order = issuer === null ? malformedReason('The launcher') : issuer.kill(message);
    if (order !== null) end(order, { orderId: message.orderId, receivedMs });
    else
      mark('order-refused', 'An order came that the control server did not sign for this session; it was not obeyed.');
  }

  function renew(message: Extract<OwnerToSession, { type: 'lease' }>): void {
    const lease = issuer?.lease(message.lease);
    if (lease) limits?.renew(lease);
    // What is not a lease lengthens nothing: the one that runs goes on running out.
    else mark('lease-refused', 'A lease came that the control server did not sign for this session; it was not taken.');
  }

  return {
    message(message) {
      switch (message.type) {
        case 'start':
          if (started) return end(malformedReason('The launcher'));
          started = true;
          return void run(message).catch(fail);
        case 'lease':
          return renew(message);
        case 'kill':
          return kill(message);
        case 'disconnect':
          return end({ kind: 'disconnected', by: message.by });
        case 'receipt':
          if (!takeReceipt(message.receipt, { issuer, recorder }))
            mark('receipt-refused', 'A receipt came that is not for this record; it was not taken.');
          return;
        case 'resumed':
          return limits?.resumed();
        case 'login-signature-answer':
          return signatures.answer(message);
        case 'sealed-password-answer':
          return passwords.answer(message);
        case 'port':
        case 'screen':
          // Both were taken by the link.
          return;
      }
    },
    screen: (channel) => screen.attach(channel),
    malformed: () => end(malformedReason('The launcher')),
    gone: () => end({ kind: 'disconnected', by: 'quit' }),
    crashed: (error) => end({ kind: 'process-crashed', problem: toProblem(error) }),
  };
}
