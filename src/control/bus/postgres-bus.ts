import pg from 'pg';
import type { Logger } from 'pino';
import { type Bus, makeLocalBus } from './bus.ts';
import { isTopic, noticeSchema, type Topic, topics } from './topics.ts';

const channel = 'sallyport';
/** Milliseconds between tries to connect again: the first at once, then growing. */
const firstPauseMs = 50;
const longestPauseMs = 2000;
/** A connection that is cut without a word is found by this. */
const pingMs = 5000;
const answerMs = 3000;
/** Messages that wait for a slow database; above it the oldest facts are in the database anyway. */
const maxWaiting = 1000;
/** NOTIFY refuses 8,000 bytes and more. */
const maxBytes = 7900;

/**
 * A bus over LISTEN/NOTIFY on a connection of its own, so that neither a busy pool nor a long transaction delays an order. A lost
 * connection is made again for ever; while it is down `live/watch.ts` finds orders in the database, a second late.
 */
export async function openPostgresBus(options: { settings: pg.ClientConfig; log: Logger }): Promise<Bus> {
  const { log } = options;
  const local = makeLocalBus();
  const missed: (() => void)[] = [];
  let client: pg.Client | null = null;
  let waiting = 0;
  /** A connection takes one statement at a time. */
  let work: Promise<unknown> = Promise.resolve();
  let closed = false;
  let again: NodeJS.Timeout | undefined;

  function hear(payload: string | undefined): void {
    try {
      const { from, topic, message } = noticeSchema.parse(JSON.parse(payload ?? ''));
      if (from === local.processId) return;
      if (!isTopic(topic)) throw new Error('an unknown topic');
      deliver(topic, message);
    } catch (error) {
      // Of a newer process, or of somebody else with rights on the database: nothing is believed, everything is looked up.
      log.warn({ err: error }, 'a message between control processes could not be read');
      for (const listener of missed) listener();
    }
  }

  function deliver<T extends Topic>(topic: T, message: unknown): void {
    local.publish(topic, topics[topic].parse(message) as never);
  }

  async function connect(): Promise<void> {
    const next = new pg.Client({ ...options.settings, query_timeout: answerMs, application_name: 'sallyport bus' });
    next.on('notification', ({ payload }) => hear(payload));
    next.on('error', (error) => lost(next, error));
    next.on('end', () => lost(next, new Error('the connection ended')));
    try {
      await next.connect();
      await next.query(`listen ${channel}`);
    } catch (error) {
      void next.end().catch(() => undefined);
      throw error;
    }
    if (closed) await next.end();
    else client = next;
  }

  function ask(by: pg.Client, text: string, values: unknown[] = []): void {
    waiting += 1;
    work = work
      .then(() => (client === by ? by.query(text, values) : undefined))
      .catch((error: unknown) => lost(by, error))
      .finally(() => {
        waiting -= 1;
      });
  }

  function lost(which: pg.Client, error: unknown): void {
    if (client !== which) return;
    client = null;
    log.warn({ err: error }, 'the connection between control processes was lost');
    void which.end().catch(() => undefined);
    reconnect(firstPauseMs);
  }

  function reconnect(pauseMs: number): void {
    if (closed) return;
    again = setTimeout(() => {
      connect().then(
        () => {
          log.info('the connection between control processes is back');
          for (const listener of missed) listener();
        },
        () => reconnect(Math.min(pauseMs * 2, longestPauseMs)),
      );
    }, pauseMs);
  }

  await connect();
  const ping = setInterval(() => {
    if (client !== null) ask(client, 'select 1');
  }, pingMs);
  ping.unref();

  return {
    ...local,
    publish(topic, message) {
      local.publish(topic, message);
      const text = JSON.stringify({ from: local.processId, topic, message });
      const by = client;
      if (by === null || waiting >= maxWaiting || Buffer.byteLength(text) > maxBytes) {
        log.warn({ topic }, 'other control processes were not told and have to look');
        return;
      }
      ask(by, 'select pg_notify($1, $2)', [channel, text]);
    },
    onMissed: (listener) => void missed.push(listener),
    async close() {
      closed = true;
      clearTimeout(again);
      clearInterval(ping);
      // What was published before is still sent.
      await work;
      const last = client;
      client = null;
      await last?.end();
    },
  };
}
