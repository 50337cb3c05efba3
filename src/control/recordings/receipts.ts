import { parseManifest } from '../../recording/manifest/parse-manifest.ts';
import { type ReceiptPayload, receiptPayloadSchema, type Signed } from '../../shared/protocol/signed.ts';
import type { Manifest } from '../../shared/record/manifest.ts';
import type { WireHead } from '../../shared/record/wire.ts';
import type { CoreContext, Reader } from '../context.ts';
import { hold } from '../store/locks.ts';
import type { ObjectStore } from './object-store.ts';
import { wireEndMs, wireHead } from './wire-head.ts';

/** Every receipt of a recording, in the order in which they were given. */
export function storedReceipts(db: Reader, sessionId: string): Promise<Signed[]> {
  return db
    .selectFrom('recording_receipts')
    .select(['payload', 'signature'])
    .where('session_id', '=', sessionId)
    .orderBy('lines')
    .orderBy('place')
    .execute();
}

/** What the server says of a manifest that it stored whole, and of the wire at that moment. */
export function receiptFor(
  manifest: Manifest,
  { sessionId, wire, at }: { sessionId: string; wire: WireHead | null; at: Date },
): ReceiptPayload {
  return {
    version: 1,
    wire,
    sessionId,
    lines: manifest.lines,
    head: manifest.heads[manifest.lines] ?? '',
    segments: manifest.segments.length,
    bytes: manifest.segments.reduce((sum, line) => sum + line.bytes, 0),
    ended: manifest.end !== null,
    at: at.toISOString(),
  };
}

/**
 * Sees to it that a receipt names all that is kept of the wire now: one more for the lines of the newest manifest, where the last one names less. After a session's end it waits a little
 * for the wire's. Nothing to do where there is no wire or no manifest.
 */
export async function commitToWire(
  { core, store }: { core: CoreContext; store: Pick<ObjectStore, 'replace'> },
  sessionId: string,
  waitMs = 0,
): Promise<WireHead | null> {
  if ((await wireHead(core, sessionId, waitMs)) === null) return null;
  const { head, isNew } = await core.writer.transaction().execute(async (trx) => {
    await hold(trx, { kind: 'recording', sessionId });
    // Read again under the lock: what receipts say of it never goes back.
    const wire = await trx.selectFrom('wires').select('head').where('session_id', '=', sessionId).executeTakeFirst();
    const stored = await trx
      .selectFrom('recording_manifests')
      .select('text')
      .where('session_id', '=', sessionId)
      .executeTakeFirst();
    const known = wire?.head ?? null;
    if (known === null || stored === undefined) return { head: known, isNew: false };
    const last = (await storedReceipts(trx, sessionId)).at(-1);
    const said = last === undefined ? null : receiptPayloadSchema.parse(JSON.parse(last.payload));
    if (said !== null && isSame(said.wire, known)) return { head: known, isNew: false };
    const manifest = parseManifest(stored.text);
    const at = core.clock.now();
    const receipt = core.signer.sign('receipt@sallyport', receiptFor(manifest, { sessionId, wire: known, at }));
    const { lines } = manifest;
    const { count } = await trx
      .selectFrom('recording_receipts')
      .select((of) => of.fn.countAll<string>().as('count'))
      .where('session_id', '=', sessionId)
      .where('lines', '=', lines)
      .executeTakeFirstOrThrow();
    await trx
      .insertInto('recording_receipts')
      .values({ session_id: sessionId, lines, place: Number(count), ...receipt, at })
      .execute();
    return { head: known, isNew: true };
  });
  // The exported folder's copy; the database holds the truth.
  if (isNew) {
    const receipts = await storedReceipts(core.reader, sessionId);
    await store.replace(`${sessionId}/receipts.json`, Buffer.from(JSON.stringify(receipts)));
  }
  return head;
}

function isSame(one: WireHead | null, other: WireHead): boolean {
  return (
    one !== null &&
    one.closed === other.closed &&
    one.toTarget.bytes === other.toTarget.bytes &&
    one.fromTarget.bytes === other.fromTarget.bytes
  );
}

/** How long to wait for a wire's end before a recording is opened: no time while its session runs. */
export function waitForWireMs(session: { ended_at: Date | null }): number {
  return session.ended_at === null ? 0 : wireEndMs;
}
