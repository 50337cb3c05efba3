import { Readable } from 'node:stream';
import type { PartKind } from '../../shared/model/recording.ts';
import type { Signed } from '../../shared/protocol/signed.ts';
import type { WireDirection } from '../../shared/record/wire.ts';
import type { Actor } from '../actor.ts';
import type { Broker } from '../broker/broker.ts';
import type { CoreContext } from '../context.ts';
import type { Hub } from '../live/hub.ts';
import { putJournal, putSegment, type Stored } from './ingest.ts';
import { listRecordings } from './list.ts';
import { putManifest } from './manifest-ingest.ts';
import type { ObjectStore } from './object-store.ts';
import { makeKeyedQueue } from './queue.ts';
import { getJournal, getManifest, getRecording, getSegment } from './read.ts';
import { commitToWire } from './receipts.ts';
import type { TailFault } from './tail-held.ts';
import { getTail } from './tail-read.ts';
import type { JournalTails } from './tails.ts';
import { unlockStream } from './unlock.ts';
import { getWire } from './wire-read.ts';

/** The central store of recordings: what comes in and who reads it. */
export function makeRecordings(parts: {
  core: CoreContext;
  broker: Broker;
  hub: Hub;
  store: ObjectStore;
  tails: JournalTails;
  /** Text that search may index was stored. */
  onText(): void;
}) {
  const { core, broker, hub, store, tails } = parts;
  const ingest = { core, store, queue: makeKeyedQueue() };
  /** After what is being stored of that recording: its receipt may name the wire's end already. */
  const commit = (sessionId: string, waitMs: number) =>
    ingest.queue(sessionId, () => commitToWire({ core, store }, sessionId, waitMs));

  const signing = new Set<Promise<unknown>>();
  // In every process. The launcher's last manifest may have its receipt already: that could not wait for the wire's end.
  core.bus.subscribe('wire-closed', ({ sessionId }) => {
    const work = commit(sessionId, 0)
      .catch((error: unknown) =>
        core.log.error({ err: error, session: sessionId }, 'the end of a wire could not be signed for'),
      )
      .finally(() => signing.delete(work));
    signing.add(work);
  });

  /** What came last from the endpoint is less than what came while the session ran: someone or something took it away there. */
  async function tellOfTail(actor: Actor, sessionId: string, fault: TailFault | null): Promise<void> {
    if (fault === null) return;
    const detail = { ...fault, device: actor.device?.id ?? null };
    await core.audit.record({ event: 'recording.tail-kept', actor: actor.userId, subject: sessionId, detail });
  }

  return {
    async putSegment(actor: Actor, segment: Parameters<typeof putSegment>[2]): Promise<Stored> {
      const stored = await putSegment(ingest, actor, segment);
      if (segment.stream === 'text') parts.onText();
      return stored;
    },
    async putJournal(actor: Actor, journal: Parameters<typeof putJournal>[2]): Promise<Stored> {
      const stored = await putJournal(ingest, actor, journal);
      const { sessionId } = journal;
      const bytes = async () => (await store.open(`${sessionId}/journal`))?.stream ?? Readable.from([]);
      await tellOfTail(actor, sessionId, await tails.replaced(sessionId, bytes));
      hub.changed(['recordings']);
      return stored;
    },
    async putManifest(actor: Actor, sent: Parameters<typeof putManifest>[2]): Promise<Signed> {
      const { receipt } = await putManifest(ingest, actor, sent);
      // Before the launcher has the receipt: it may then leave out what that covers.
      await tellOfTail(actor, sent.sessionId, await tails.covered(sent.sessionId, sent.text));
      hub.changed(['recordings']);
      return receipt;
    },
    list: (actor: Actor, query: Parameters<typeof listRecordings>[2]) => listRecordings(core, actor, query),
    get: (actor: Actor, sessionId: string) => getRecording(core, actor, sessionId),
    manifest: (actor: Actor, sessionId: string) => getManifest(core, actor, sessionId),
    segment: (actor: Actor, sessionId: string, part: { stream: PartKind; seq: number }) =>
      getSegment({ core, store }, actor, sessionId, part),
    journal: (actor: Actor, sessionId: string) => getJournal({ core, store }, actor, sessionId),
    tail: (actor: Actor, sessionId: string) => getTail(core, actor, sessionId),
    wire: (actor: Actor, sessionId: string, direction: WireDirection) =>
      getWire({ core, store }, actor, sessionId, direction),
    unlock: (actor: Actor, request: Parameters<typeof unlockStream>[2]) =>
      unlockStream({ core, broker, commit }, actor, request),
    /** Resolves when the ends of wires that were heard of are signed for. */
    async close(): Promise<void> {
      await Promise.all(signing);
    },
  };
}

export type Recordings = ReturnType<typeof makeRecordings>;
