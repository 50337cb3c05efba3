import { createReadStream, readdirSync } from 'node:fs';
import path from 'node:path';
import { sql, type Transaction } from 'kysely';
import { type WireDirection, type WireHead, wireDirections, wireFile } from '../../shared/record/wire.ts';
import type { CoreContext } from '../context.ts';
import type { ObjectStore } from '../recordings/object-store.ts';
import type { Database } from '../store/database.ts';
import { makeWireDigests, NotOnDisk } from './wire-digests.ts';
import { emptyHead, headOf, headOfFiles, removeFiles, WireFiles, wiresFolder } from './wire-files.ts';
import { makeWireReserve, type WireReserve } from './wire-reserve.ts';

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
  /** The last that was written down. */
  head: WireHead;
  closed: boolean;
  /** The disk failed: a second sync would succeed and mean nothing, so none is tried. */
  lost: boolean;
  onLost(error: unknown): void;
}

function hasGrown({ head, files }: Open): boolean {
  const { bytes } = files;
  return bytes['to-target'] !== head.toTarget.bytes || bytes['from-target'] !== head.fromTarget.bytes;
}

/**
 * Keeps wires of this process's connections: files in the data folder that grow, their heads in the database about every second and when they close, and the
 * closed ones in the store of recordings. What an earlier process left in the folder is closed as it is and stored.
 */
export function makeWireKeeper(
  core: CoreContext,
  store: Pick<ObjectStore, 'receive'>,
  reserve: WireReserve = makeWireReserve(core.dataFolder),
): WireKeeper {
  const folder = wiresFolder(core.dataFolder);
  const digests = makeWireDigests();
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

  /** What is to be written down of a wire; null when its digest could not be had now. */
  async function newestHead(sessionId: string, wire: Open): Promise<WireHead | null> {
    // As they are together at this moment.
    const { closed } = wire;
    const { bytes } = wire.files;
    if (wire.lost) return { ...wire.head, closed };
    try {
      return await headOf(digests, { folder, sessionId, bytes, closed });
    } catch (error) {
      if (!(error instanceof NotOnDisk)) {
        failed('the digests of a wire could not be computed')(error);
        return null;
      }
      wire.lost = true;
      wire.onLost(error);
      return { ...wire.head, closed };
    }
  }

  async function bringUpToDate(): Promise<void> {
    queued = false;
    const due = [...open].filter(([, wire]) => wire.closed || (!wire.lost && hasGrown(wire)));
    const found = await Promise.all(
      due.map(async ([sessionId, wire]) => ({ sessionId, wire, head: await newestHead(sessionId, wire) })),
    );
    const heads = found.flatMap(({ sessionId, wire, head }) => (head === null ? [] : [{ sessionId, wire, head }]));
    await writeHeads(heads.map(({ sessionId, head }) => ({ session_id: sessionId, head })));
    for (const { sessionId, wire, head } of heads) {
      wire.head = head;
      if (!head.closed) continue;
      open.delete(sessionId);
      wire.files.close();
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
      await writeHeads([{ session_id: sessionId, head: await headOfFiles(digests, folder, sessionId) }]);
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
      reserve.take(0);
      const files = new WireFiles(folder, sessionId);
      const wire: Open = { files, head: emptyHead, closed: false, lost: false, onLost };
      open.set(sessionId, wire);
      return {
        keep(direction, bytes) {
          reserve.take(bytes.length);
          wire.files.keep(direction, bytes);
        },
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
      await digests.close();
      for (const { files } of open.values()) files.close();
    },
  };
}
