import { createReadStream, readdirSync } from 'node:fs';
import path from 'node:path';
import { sql, type Transaction } from 'kysely';
import { type WireDirection, type WireHead, wireDirections, wireFile } from '../../shared/record/wire.ts';
import type { CoreContext } from '../context.ts';
import type { ObjectStore } from '../recordings/object-store.ts';
import type { Database } from '../store/database.ts';
import { emptyHead, headOfFiles, removeFiles, WireFiles, wiresFolder } from './wire-files.ts';

/** How often heads that have changed are written down, and how often what could not be stored is tried again. Milliseconds. */
const headEveryMs = 1000;
const storeAgainMs = 60_000;

/** Where one connection puts what crosses it. */
export interface WireSink {
  /** Before the bytes are passed on. Throws SP-5010: then they must not be. */
  keep(direction: WireDirection, bytes: Uint8Array): void;
  /** Nothing crosses any more. Call it once. */
  closed(): void;
}

export interface WireKeeper {
  /** In the transaction that claims a session for its connection: from here on it has a wire. */
  register(transaction: Transaction<Database>, sessionId: string): Promise<void>;
  /** `onLost`: what was kept could not be brought to the disk; the connection must end. Throws SP-5010. */
  open(sessionId: string, onLost: (error: unknown) => void): WireSink;
  /** Of a registered session whose connection did not come about: nothing will cross it. */
  abandon(sessionId: string): Promise<void>;
  /** Resolves when the heads of all wires that were closed are written down. What is not in the store by then the next start brings there. */
  close(): Promise<void>;
}

/** A stop of the server: the copy goes on at the next start. */
class Stopped extends Error {}

interface Open {
  files: WireFiles;
  /** The last that is on the disk, and how many bytes that were. */
  head: WireHead;
  bytes: number;
  closed: boolean;
  /** The disk failed: a second sync would succeed and mean nothing, so none is tried. */
  lost: boolean;
  onLost(error: unknown): void;
}

/**
 * Keeps wires of this process's connections: files in the data folder that grow, their heads in the database about every second and when they close, and the
 * closed ones in the store of recordings. What an earlier process left in the folder is closed as it is and stored.
 */
export function makeWireKeeper(core: CoreContext, store: Pick<ObjectStore, 'receive'>): WireKeeper {
  const folder = wiresFolder(core.dataFolder);
  const open = new Map<string, Open>();
  const unstored = new Set<string>();
  const left = leftBehind();
  let stopping = false;
  let queued = false;
  /** One thing after the other: heads never go back. */
  let work: Promise<void> = Promise.resolve();
  let copying: Promise<void> = Promise.resolve();

  function leftBehind(): string[] {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  }

  function failed(what: string): (error: unknown) => void {
    return (error) => {
      if (!(error instanceof Stopped)) core.log.error({ err: error }, what);
    };
  }

  async function writeHeads(heads: { session_id: string; head: WireHead }[]): Promise<void> {
    if (heads.length === 0) return;
    await sql`
      update wires set head = said.head, closed_at = case when said.head ->> 'closed' = 'true' then ${core.clock.now()}::timestamptz end
      from jsonb_to_recordset(${JSON.stringify(heads)}::jsonb) as said (session_id text, head jsonb)
      where wires.session_id = said.session_id`.execute(core.writer);
  }

  async function sync(wire: Open): Promise<void> {
    const { bytes } = wire.files;
    try {
      wire.head = await wire.files.syncedHead();
      wire.bytes = bytes;
    } catch (error) {
      wire.lost = true;
      wire.onLost(error);
    }
  }

  async function bringUpToDate(): Promise<void> {
    queued = false;
    const due = [...open].filter(([, wire]) => wire.closed || (!wire.lost && wire.files.bytes !== wire.bytes));
    const closing = due.filter(([, wire]) => wire.closed);
    await Promise.all(due.map(([, wire]) => (wire.lost ? undefined : sync(wire))));
    const heads = due.map(([sessionId, wire]) => {
      const isLast = closing.some(([id]) => id === sessionId);
      return { session_id: sessionId, head: { ...wire.head, closed: isLast } };
    });
    await writeHeads(heads);
    for (const [sessionId, { files }] of closing) {
      open.delete(sessionId);
      files.close();
      core.bus.publish('wire-closed', { sessionId });
      storeLater(sessionId);
    }
  }

  function update(): Promise<void> {
    if (queued) return work;
    queued = true;
    work = work.then(bringUpToDate).catch(failed('the heads of wires could not be written down'));
    return work;
  }

  async function* bytesOf(sessionId: string, direction: WireDirection): AsyncGenerator<Uint8Array> {
    for await (const chunk of createReadStream(path.join(folder, sessionId, wireFile(direction)))) {
      if (stopping) throw new Stopped();
      yield chunk as Buffer;
    }
  }

  async function storeNow(sessionId: string): Promise<void> {
    for (const direction of wireDirections) {
      const received = await store.receive(bytesOf(sessionId, direction), Number.MAX_SAFE_INTEGER);
      // False: there already, by a try whose row was never written.
      await received.keepAs(`${sessionId}/${wireFile(direction)}`);
    }
    await core.writer
      .updateTable('wires')
      .set({ stored_at: core.clock.now() })
      .where('session_id', '=', sessionId)
      .execute();
    unstored.delete(sessionId);
    await removeFiles(folder, sessionId);
    core.bus.publish('wire-stored', { sessionId });
  }

  function storeLater(sessionId: string): void {
    unstored.add(sessionId);
    copying = copying.then(() =>
      stopping || !unstored.has(sessionId)
        ? undefined
        : storeNow(sessionId).catch(failed('a wire could not be stored; it is tried again')),
    );
  }

  /** What a process that is gone had kept: nothing crosses that connection any more. */
  async function recover(sessionId: string): Promise<void> {
    const row = await core.reader
      .selectFrom('wires')
      .select(['head', 'stored_at'])
      .where('session_id', '=', sessionId)
      .executeTakeFirst();
    if (row === undefined) return;
    if (row.stored_at !== null) return removeFiles(folder, sessionId);
    if (!row.head.closed) {
      await writeHeads([{ session_id: sessionId, head: await headOfFiles(folder, sessionId) }]);
      core.bus.publish('wire-closed', { sessionId });
    }
    storeLater(sessionId);
  }

  for (const sessionId of left)
    work = work.then(() => recover(sessionId)).catch(failed('a wire that was left behind could not be closed'));
  const timers = [
    setInterval(() => void update(), headEveryMs),
    setInterval(() => {
      for (const sessionId of unstored) storeLater(sessionId);
    }, storeAgainMs),
  ];
  for (const timer of timers) timer.unref();

  return {
    async register(transaction, sessionId) {
      const head = JSON.stringify(emptyHead);
      const values = { session_id: sessionId, kept_by: core.bus.processId, head };
      await transaction.insertInto('wires').values(values).execute();
    },
    open(sessionId, onLost) {
      const files = new WireFiles(folder, sessionId);
      const wire: Open = { files, head: emptyHead, bytes: 0, closed: false, lost: false, onLost };
      open.set(sessionId, wire);
      return {
        keep: (direction, bytes) => wire.files.keep(direction, bytes),
        closed() {
          wire.closed = true;
          void update();
        },
      };
    },
    async abandon(sessionId) {
      await writeHeads([{ session_id: sessionId, head: { ...emptyHead, closed: true } }]);
      core.bus.publish('wire-closed', { sessionId });
    },
    async close() {
      stopping = true;
      for (const timer of timers) clearInterval(timer);
      await update();
      await copying;
      for (const { files } of open.values()) files.close();
    },
  };
}
