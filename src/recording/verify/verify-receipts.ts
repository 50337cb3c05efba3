import { createHash } from 'node:crypto';
import { namespaces, type ReceiptPayload, receiptPayloadSchema, type Signed } from '../../shared/protocol/signed.ts';
import type { Manifest } from '../../shared/record/manifest.ts';
import type { WireHead } from '../../shared/record/wire.ts';
import { openDocument } from '../signatures/signed.ts';
import type { CheckList } from './checks.ts';
import type { RecordingDocuments } from './verify-documents.ts';

/** A receipt that the server signed for this manifest, and its place in the list, from 1. */
interface GoodReceipt {
  place: number;
  sha256: string;
  payload: ReceiptPayload;
}

/** What the wire was at the moment of a receipt. */
export interface CommittedWire {
  /** As a person names it: `receipt 3`. */
  by: string;
  head: WireHead;
}

/** What is wrong with one receipt, or its payload. */
function readReceipt(documents: RecordingDocuments, manifest: Manifest, signed: Signed): string | ReceiptPayload {
  let receipt: ReceiptPayload;
  try {
    const { serverKey: publicKey } = documents;
    receipt = openDocument({ signed, publicKey, namespace: namespaces.receipt, schema: receiptPayloadSchema });
  } catch {
    return "is not signed by the control server's key";
  }
  if (receipt.sessionId !== manifest.header.session) return 'is for another session';
  const { lines } = receipt;
  const head = manifest.heads[lines];
  if (head === undefined)
    return `covers ${lines} lines, the manifest has ${manifest.lines}: lines were removed after the server had them`;
  if (head !== receipt.head) return `the first ${lines} lines are not those the server received`;
  const isWhole = manifest.end !== null && lines === manifest.lines;
  return receipt.ended && !isWhole ? 'says that the recording ended; the manifest goes on or has no end' : receipt;
}

/** Receipts stand in the order in which they were given, each once. */
function misplaced(before: readonly GoodReceipt[], receipt: ReceiptPayload, sha256: string): string | null {
  if (before.some((each) => each.sha256 === sha256)) return 'is there twice';
  const last = before.at(-1);
  return last !== undefined && receipt.lines < last.payload.lines ? 'covers less than the one ahead of it' : null;
}

const directions = ['toTarget', 'fromTarget'] as const;

/** What a later receipt says of the wire that cannot be after an earlier one, or null. */
function wireGoesBack(before: WireHead, after: WireHead): string | null {
  for (const direction of directions) {
    const [old, now] = [before[direction], after[direction]];
    if (now.bytes < old.bytes) return `says ${now.bytes} bytes of wire where an earlier one says ${old.bytes}`;
    if (now.bytes === old.bytes && now.sha256 !== old.sha256) return 'names another wire than an earlier one';
    if (before.closed && now.bytes !== old.bytes) return 'says that the wire went on after it was closed';
  }
  return before.closed && !after.closed ? 'says that a closed wire is open' : null;
}

/** Adds what is wrong among the receipts' words about the wire; returns these words in the order they were said. */
function checkWireHeads(receipts: readonly GoodReceipt[], list: CheckList): CommittedWire[] {
  const committed: CommittedWire[] = [];
  for (const { place, payload } of receipts) {
    if (payload.wire === null) continue;
    const last = committed.at(-1);
    const wrong = last === undefined ? null : wireGoesBack(last.head, payload.wire);
    if (wrong !== null) list.bad('receipts', `receipt ${place}`, wrong);
    else committed.push({ by: `receipt ${place}`, head: payload.wire });
  }
  return committed;
}

/** Every receipt that the session signed for with a line of its manifest must be there. */
function checkReceiptLines(receipts: readonly GoodReceipt[], manifest: Manifest, list: CheckList): void {
  for (const [index, line] of manifest.receipts.entries()) {
    const found = receipts.some(({ sha256, payload }) => sha256 === line.sha256 && payload.lines === line.lines);
    if (!found)
      list.bad(
        'receipts',
        `receipt line ${index + 1} of the manifest`,
        `the receipt for ${line.lines} lines that it names is not here`,
      );
  }
}

/**
 * Checks the server's receipts: signatures, the lines they cover, the receipt lines of the manifest, and that what they say of the wire only grows. Returns the
 * wire's heads in the order they were committed to. A finished recording that no receipt covers to its end is not whole.
 */
export function checkReceipts(documents: RecordingDocuments, manifest: Manifest, list: CheckList): CommittedWire[] {
  const good: GoodReceipt[] = [];
  for (const [index, signed] of documents.receipts.entries()) {
    const payload = readReceipt(documents, manifest, signed);
    const place = index + 1;
    const sha256 = createHash('sha256').update(signed.payload).digest('hex');
    const wrong = typeof payload === 'string' ? payload : misplaced(good, payload, sha256);
    if (wrong !== null) list.bad('receipts', `receipt ${place}`, wrong);
    else if (typeof payload !== 'string') good.push({ place, payload, sha256 });
  }
  checkReceiptLines(good, manifest, list);
  const committed = checkWireHeads(good, list);
  const covered = good.at(-1)?.payload.lines ?? 0;
  if (!list.holds('receipts')) return committed;
  const detail =
    covered === 0
      ? 'none yet: nothing but the session vouches for it'
      : `the server received ${covered} of ${manifest.lines} lines in this form`;
  if (manifest.end !== null && covered < manifest.lines) list.lacks('receipts', detail);
  else list.good('receipts', detail);
  return committed;
}
