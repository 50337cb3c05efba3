import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openDocument } from '../../recording/signatures/signed.ts';
import { SallyportError } from '../../shared/errors/result.ts';
import { namespaces, type ReceiptPayload, receiptPayloadSchema, type Signed } from '../../shared/protocol/signed.ts';
import type { ControlCaller } from '../control-client/client.ts';
import { isMissing } from '../files.ts';
import { headOf, journalFile, keepReceipt, type SpoolContent, type SpoolPart } from './spool.ts';

const uploadTimeoutMs = 120_000;
/** A line slower than this is given up, and the journal sent again later: 2 Mbit/s. */
const slowestBytesPerMs = 250;

/** Sends one part. Throws SP-3020 when the file is not what the signed manifest says, or is gone, and what the server refuses. */
export async function putPart(
  caller: ControlCaller,
  folder: string,
  sessionId: string,
  part: SpoolPart,
): Promise<void> {
  const bytes = await readFile(join(folder, part.file)).catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw error;
  });
  const fits =
    bytes !== null && bytes.length === part.bytes && createHash('sha256').update(bytes).digest('hex') === part.sha256;
  if (!fits) {
    const what = bytes === null ? 'is gone from this machine' : 'has changed on this machine';
    throw new SallyportError(
      'SP-3020',
      `A sealed part of this recording (${part.file}) ${what} and no longer fits its signed manifest. What is here is kept as it is and was not sent. Tell your security team.`,
      {
        facts: { session: sessionId, file: part.file },
      },
    );
  }
  await caller.call('putSegment', {
    params: { sessionId, stream: part.stream, seq: part.seq },
    bytes,
    timeoutMs: uploadTimeoutMs,
  });
}

/** Sends the manifest; checks the receipt (pinned key, this session, exactly our lines) and keeps it with those before it. Throws SP-1007 when the receipt is not right. */
export async function putManifest(
  caller: ControlCaller,
  folder: string,
  content: SpoolContent,
  serverKey: string,
): Promise<{ signed: Signed; payload: ReceiptPayload }> {
  const { manifest, session } = content;
  if (manifest === null) throw new SallyportError('SP-3023', 'There is no manifest to send.');
  const { receipt } = await caller.call('putManifest', {
    params: { sessionId: session.sessionId },
    body: { manifest: manifest.text, signature: manifest.signature },
    timeoutMs: uploadTimeoutMs,
  });
  const payload = openDocument({
    signed: receipt,
    publicKey: serverKey,
    namespace: namespaces.receipt,
    schema: receiptPayloadSchema,
  });
  if (
    payload.sessionId !== session.sessionId ||
    payload.lines !== manifest.lines.length ||
    payload.head !== headOf(manifest.lines, payload.lines)
  ) {
    throw new SallyportError(
      'SP-1007',
      "The server's receipt is about something else than what was sent. The recording is kept on this machine. Report it to your administrator.",
    );
  }
  await keepReceipt(folder, receipt);
  return { signed: receipt, payload };
}

/** Of a file of any size, without holding it. Throws what the file system throws. */
async function digestOf(path: string): Promise<{ size: number; sha256: Buffer }> {
  const hash = createHash('sha256');
  let size = 0;
  await pipeline(createReadStream(path, { highWaterMark: 262_144 }), async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      hash.update(chunk);
      size += chunk.length;
    }
  });
  return { size, sha256: hash.digest() };
}

/**
 * Sends the journal of a session whose process is gone; it may be as large as its session was loud, so it is never held as a whole. Throws what
 * the server refuses, SP-9002 when it stored something else.
 */
export async function putJournal(
  caller: ControlCaller,
  folder: string,
  sessionId: string,
  because: string,
): Promise<void> {
  const path = join(folder, journalFile);
  const { size, sha256 } = await digestOf(path);
  const answer = await caller.call('putJournal', {
    params: { sessionId },
    query: { because: because.slice(0, 300) },
    ...(size === 0 ? { bytes: new Uint8Array() } : { file: { path, size, sha256 } }),
    timeoutMs: uploadTimeoutMs + Math.ceil(size / slowestBytesPerMs),
  });
  if (answer.sha256 !== sha256.toString('hex')) {
    throw new SallyportError(
      'SP-9002',
      'The server says that it stored other bytes than were sent. The recording is kept on this machine and sent again.',
    );
  }
}
