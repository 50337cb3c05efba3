import type { IncomingMessage } from 'node:http';

const timers = new WeakMap<IncomingMessage, NodeJS.Timeout>();

/** Those whose time is over: nothing is done with what may still come of them. */
const over = new WeakSet<IncomingMessage>();

/** A body that takes longer than this ends its request (`onLate` does): one that trickles must not hold a connection for ever. */
export function limitBodyTime(request: IncomingMessage, ms: number, onLate: () => void): void {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  if (encoding === undefined && (length === undefined || length === '0')) return;
  const timer = setTimeout(() => {
    if (request.complete) return;
    over.add(request);
    onLate();
  }, ms);
  timer.unref();
  timers.set(request, timer);
  const stop = (): void => clearTimeout(timer);
  request.once('end', stop);
  request.once('close', stop);
}

/** How long someone whose body is not wanted any more has to read why. */
const answerMs = 5000;

/** The rest of a body that nobody wants: who does not stop sending it loses the connection. */
export function leaveUnread(request: IncomingMessage): void {
  if (!request.complete) setTimeout(() => !request.complete && request.destroy(), answerMs).unref();
}

/**
 * A body that may take as long as it needs, of someone who is known by now, as long as bytes keep coming: silence of `silenceMs` ends its connection,
 * and with it the iteration (it throws).
 */
export async function* steadyBody(request: IncomingMessage, silenceMs: number): AsyncGenerator<Uint8Array> {
  clearTimeout(timers.get(request));
  if (over.has(request)) throw new Error('the body took too long');
  const timer = setTimeout(() => request.destroy(), silenceMs);
  timer.unref();
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      timer.refresh();
      yield chunk as Uint8Array;
    }
  } finally {
    clearTimeout(timer);
    if (!request.complete) setTimeout(() => request.destroy(), answerMs).unref();
  }
}
