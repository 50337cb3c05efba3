import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDocument } from '../../recording/signatures/signed.ts';
import { SallyportError } from '../../shared/errors/result.ts';
import { namespaces, type ReceiptPayload, receiptPayloadSchema } from '../../shared/protocol/signed.ts';
import type { ControlCaller } from '../control-client/client.ts';
import { writeWhole } from '../files.ts';
import { headOf, journalFile, receiptFile, type SpoolContent, type SpoolSegment } from './spool.ts';

const uploadTimeoutMs = 120_000;

/** Sends one sealed segment. Throws SP-3020 when the file is not what the signed manifest says, and what the server refuses. */
export async function putSegment(
  caller: ControlCaller,
  folder: string,
  sessionId: string,
  segment: SpoolSegment,
): Promise<void> {
  const bytes = await readFile(join(folder, segment.file));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== segment.sha256 || bytes.length !== segment.bytes) {
    throw new SallyportError(
      'SP-3020',
      `A sealed part of this recording (${segment.file}) has changed on this machine and no longer fits its signed manifest. It is kept as it is and was not sent. Tell your security team.`,
      {
        facts: { session: sessionId, file: segment.file },
      },
    );
  }
  await caller.call('putSegment', {
    params: { sessionId, stream: segment.stream, seq: segment.seq },
    bytes,
    timeoutMs: uploadTimeoutMs,
  });
}

/** Sends the manifest; checks the receipt (pinned key, this session, exactly our lines) and keeps it. Throws SP-1007 when the receipt is not right. */
export async function putManifest(
  caller: ControlCaller,
  folder: string,
  content: SpoolContent,
  serverKey: string,
): Promise<ReceiptPayload> {
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
  await writeWhole(join(folder, receiptFile), JSON.stringify(receipt));
  return payload;
}

/** Sends the journal of a session whose process is gone. Throws what the server refuses, SP-9002 when it stored something else. */
export async function putJournal(
  caller: ControlCaller,
  folder: string,
  sessionId: string,
  because: string,
): Promise<void> {
  const bytes = await readFile(join(folder, journalFile));
  const answer = await caller.call('putJournal', {
    params: { sessionId },
    query: { because: because.slice(0, 300) },
    bytes,
    timeoutMs: 4 * uploadTimeoutMs,
  });
  if (answer.sha256 !== createHash('sha256').update(bytes).digest('hex')) {
    throw new SallyportError(
      'SP-9002',
      'The server says that it stored other bytes than were sent. The recording is kept on this machine and sent again.',
    );
  }
}
