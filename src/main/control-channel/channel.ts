import { WebSocket } from 'ws';
import { SallyportError, toProblem } from '../../shared/errors/result.ts';
import {
  type ControlToLauncher,
  closeCodes,
  controlToLauncherSchema,
  heartbeatMs,
  type LauncherToControl,
  silenceMs,
} from '../../shared/protocol/control-channel.ts';
import type { Connection } from '../../shared/protocol/ipc.ts';
import { retryDelayMs } from './backoff.ts';

const connectTimeoutMs = 10_000;
/** After another launcher took over the link: long enough that two of them do not throw each other out all the time. */
const supersededAttempt = 5;
/** How long a server may take to answer a close. */
const goodbyeMs = 500;
/** How soon after a failed try an answer of the server may start the next one: a server that answers and takes no channel is not stormed. */
const answeredAfterMs = 1000;

/** What the channel is given: it knows no other part of the launcher, so an order can reach nothing but what its events are tied to. */
export interface ChannelMeans {
  /** A DPoP proof for a GET of `url`. */
  proof(url: string): Promise<string>;
  /** A network failure in words. */
  unreachable(error: unknown): SallyportError;
  /** The server's refusal of the upgrade in words; `body` is its parsed JSON or undefined, `date` its Date header. */
  refusal(answer: { status: number; body: unknown; date: string | undefined }): SallyportError;
}

/** What the channel tells its owner. */
export interface ChannelEvents {
  message(message: ControlToLauncher): void;
  /** The link is up and `hello` has been exchanged both ways. */
  online(): void;
  connection(state: Connection): void;
}

/**
 * The control channel: one WebSocket, kept open. Reconnects by itself; silence for `silenceMs` or a message of another shape ends the link (a
 * server that talks nonsense is not obeyed and not kept). Knows nothing of what the messages mean.
 */
export class ControlChannel {
  private socket: WebSocket | null = null;
  private attempt = 0;
  private retry: NodeJS.Timeout | null = null;
  private beat: NodeJS.Timeout | null = null;
  private lastHeard = 0;
  private stopped = false;
  private state: Connection = { state: 'connecting' };
  private offlineSinceMs: number | null = null;
  private lostAt = 0;
  private superseded = false;
  private readonly options: {
    address: string;
    trustRoot: string;
    means: ChannelMeans;
    version: string;
    liveSessions: () => string[];
    events: ChannelEvents;
  };

  constructor(options: ControlChannel['options']) {
    this.options = options;
  }

  get connection(): Connection {
    return this.state;
  }

  start(): void {
    this.open();
  }

  /** Tries at once: the network is back, the machine woke up, or the person asked. A link that is up is probed instead. */
  reconnectNow(): void {
    if (this.stopped) return;
    if (this.state.state === 'online') {
      this.socket?.ping();
      // What was heard before a suspend says nothing: the link must prove itself within two heartbeats.
      this.lastHeard = Math.min(this.lastHeard, performance.now() - (silenceMs - 2 * heartbeatMs));
      return;
    }
    if (this.retry === null) return;
    clearTimeout(this.retry);
    this.retry = null;
    this.attempt = 0;
    this.open();
  }

  /** The server answered a request, so the link need not wait for its next try. Not where another launcher has it. */
  serverAnswered(): void {
    if (this.retry === null || this.superseded || performance.now() - this.lostAt < answeredAfterMs) return;
    this.reconnectNow();
  }

  /** Sends when the link is up; returns whether it was. */
  send(message: LauncherToControl): boolean {
    if (this.state.state !== 'online' || this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  /** Sends a piece of a journal (journal-frames.ts) when the link is up; returns whether it was. Whoever sends more than is acknowledged fills the memory. */
  sendPiece(piece: Uint8Array): boolean {
    if (this.state.state !== 'online' || this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(piece, { binary: true });
    return true;
  }

  stop(): void {
    this.stopped = true;
    if (this.retry !== null) clearTimeout(this.retry);
    if (this.beat !== null) clearInterval(this.beat);
    this.socket?.close(1000);
    this.socket = null;
  }

  private become(state: Connection): void {
    this.state = state;
    this.options.events.connection(state);
  }

  private open(): void {
    if (this.offlineSinceMs === null) this.become({ state: 'connecting' });
    void this.connect().catch((error: unknown) =>
      this.lost(null, error instanceof SallyportError ? error : this.options.means.unreachable(error)),
    );
  }

  private async connect(): Promise<void> {
    const url = `${this.options.address.replace(/^https:/, 'wss:')}/v1/control`;
    const proof = await this.options.means.proof(url);
    if (this.stopped) return;
    const socket = new WebSocket(url, {
      ca: this.options.trustRoot,
      headers: { dpop: proof },
      handshakeTimeout: connectTimeoutMs,
      maxPayload: 1_048_576,
      perMessageDeflate: false,
    });
    this.socket = socket;
    let failure: SallyportError | null = null;
    let pingSentAt = 0;
    let openedAt = 0;
    let greeted = false;
    socket.on('unexpected-response', (_request, response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.length < 64 && chunks.push(chunk));
      response.on('end', () => {
        failure = this.options.means.refusal({
          status: response.statusCode ?? 0,
          body: parseJson(Buffer.concat(chunks).toString('utf8')),
          date: response.headers.date,
        });
        socket.terminate();
      });
    });
    socket.on('error', (error) => {
      failure ??= this.options.means.unreachable(error);
    });
    socket.on('open', () => {
      openedAt = performance.now();
      this.lastHeard = openedAt;
      socket.send(
        JSON.stringify({
          type: 'hello',
          version: this.options.version,
          sessions: this.options.liveSessions(),
        } satisfies LauncherToControl),
      );
      this.beat = setInterval(() => {
        // A server that answers pings but never says hello is no link either.
        const helloOverdue = this.socket === socket && !greeted && performance.now() - openedAt > connectTimeoutMs;
        if (helloOverdue || performance.now() - this.lastHeard > silenceMs) {
          failure ??= this.options.means.unreachable(new Error('timeout'));
          socket.terminate();
          return;
        }
        socket.send(JSON.stringify({ type: 'heartbeat' } satisfies LauncherToControl));
        pingSentAt = performance.now();
        socket.ping();
      }, heartbeatMs);
      pingSentAt = performance.now();
      socket.ping();
    });
    socket.on('pong', () => {
      this.lastHeard = performance.now();
      if (this.state.state === 'online')
        this.become({ ...this.state, roundTripMs: Math.round((performance.now() - pingSentAt) * 10) / 10 });
    });
    socket.on('message', (data, isBinary) => {
      this.lastHeard = performance.now();
      const message = isBinary ? null : parseMessage(String(data));
      if (message === null) {
        failure = new SallyportError(
          'SP-9002',
          `The control server at ${this.options.address} sent a message of an unknown shape. The link was closed and is tried again; if it stays, update the launcher.`,
        );
        // What comes after nonsense counts no more, and who does not answer the close is cut off.
        socket.removeAllListeners('message');
        socket.close(closeCodes.malformed);
        setTimeout(() => socket.terminate(), goodbyeMs).unref();
        return;
      }
      if (message.type === 'hello') {
        greeted = true;
        this.attempt = 0;
        this.offlineSinceMs = null;
        this.become({ state: 'online', sinceMs: Date.now(), roundTripMs: null });
        this.options.events.online();
        pingSentAt = performance.now();
        socket.ping();
      }
      this.options.events.message(message);
    });
    socket.on('close', (code) => {
      this.superseded = code === closeCodes.superseded;
      if (this.superseded) this.attempt = Math.max(this.attempt, supersededAttempt);
      this.lost(socket, failure ?? closedBy(this.options.address, code));
    });
  }

  /** The link is gone (or never came): say so and plan the next try. */
  private lost(socket: WebSocket | null, problem: SallyportError): void {
    if (socket !== this.socket && socket !== null) return;
    if (this.beat !== null) clearInterval(this.beat);
    this.beat = null;
    this.socket = null;
    if (this.stopped) return;
    this.lostAt = performance.now();
    const delay = retryDelayMs(this.attempt, Math.random());
    this.attempt += 1;
    this.offlineSinceMs ??= Date.now();
    this.become({
      state: 'offline',
      sinceMs: this.offlineSinceMs,
      problem: toProblem(problem),
      nextTryAtMs: Date.now() + delay,
    });
    if (this.retry !== null) clearTimeout(this.retry);
    this.retry = setTimeout(() => {
      this.retry = null;
      this.open();
    }, delay);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parseMessage(text: string): ControlToLauncher | null {
  return controlToLauncherSchema.safeParse(parseJson(text)).data ?? null;
}

function closedBy(address: string, code: number): SallyportError {
  if (code === closeCodes.superseded) {
    return new SallyportError(
      'SP-1003',
      `Another launcher took over this device's link to ${address}. Close one of the two; this one goes on trying.`,
    );
  }
  if (code === closeCodes.revoked)
    return new SallyportError('SP-1005', `The server at ${address} no longer knows this device. Ask for a new invite.`);
  return new SallyportError(
    'SP-1003',
    `The link to the control server at ${address} was closed. Sallyport goes on trying by itself.`,
    { facts: { address, close: String(code) } },
  );
}
