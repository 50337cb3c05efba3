import { createHash } from 'node:crypto';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readManifestPair } from '../../recording/signatures/manifest-pair.ts';
import { openDocument } from '../../recording/signatures/signed.ts';
import type { PartKind } from '../../shared/model/recording.ts';
import {
  namespaces,
  type ReceiptPayload,
  receiptPayloadSchema,
  type Signed,
  signedSchema,
} from '../../shared/protocol/signed.ts';
import { manifestSignatureFile } from '../../shared/record/manifest.ts';
import { parseEndLine, parseSegmentLine } from '../../shared/record/manifest-lines.ts';
import { isMissing, readJson } from '../files.ts';
import { type SpoolSession, spoolSessionSchema } from '../sessions/spool-folder.ts';

export interface SpoolSegment {
  stream: PartKind;
  seq: number;
  file: string;
  sha256: string;
  bytes: number;
  /** Number of the manifest's line, from 0: a receipt over more lines than that covers it. */
  line: number;
}

/** What lies in one session's folder, read at one moment. */
export interface SpoolContent {
  session: SpoolSession;
  /** Null when there is none that its session's key has signed: a crash before the first, or `damaged`. */
  manifest: { text: string; signature: string; lines: string[]; segments: SpoolSegment[]; ended: boolean } | null;
  /** There is a signature, but what it should stand for has been changed: a crash never leaves that. */
  damaged: boolean;
  /** The kept receipt, as far as it is about this manifest's lines. */
  receipt: ReceiptPayload | null;
  journalBytes: number | null;
}

export const receiptFile = 'receipt.json';
export const journalFile = 'journal';

/** What a folder is called from the decision to remove it: then a removal that is cut off leaves nothing that looks like a recording. */
const donePrefix = '.done-';

/** The session folders of the spool, sorted by name. No folder yet is an empty list. */
export async function listSpool(spool: string): Promise<string[]> {
  return (await foldersIn(spool)).filter((name) => !name.startsWith('.'));
}

/** Removes a session's folder, whole or (for its readers) not at all. Throws what the file system throws. */
export async function removeSpoolFolder(spool: string, sessionId: string): Promise<void> {
  const done = join(spool, `${donePrefix}${sessionId}`);
  await rm(done, { recursive: true, force: true });
  try {
    await rename(join(spool, sessionId), done);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  await rm(done, { recursive: true, force: true });
}

/** Ends the removals that an earlier run did not end. Throws what the file system throws. */
export async function removeLeftovers(spool: string): Promise<void> {
  for (const name of await foldersIn(spool))
    if (name.startsWith(donePrefix)) await rm(join(spool, name), { recursive: true, force: true });
}

async function foldersIn(spool: string): Promise<string[]> {
  try {
    const entries = await readdir(spool, { withFileTypes: true });
    return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/**
 * Null when the folder has no readable session.json: it is none of ours and is left alone. `serverKey`: the pinned key that a kept receipt must be
 * by, or null when there is no server at the moment; then no receipt counts.
 */
export async function readSpoolFolder(folder: string, serverKey: string | null): Promise<SpoolContent | null> {
  const session = await readJson(join(folder, 'session.json'), spoolSessionSchema);
  if (session === null) return null;
  const pair = await readManifestPair(folder, session.sessionKey);
  const manifest = pair === null ? null : readManifest(pair.manifest, pair.signature);
  const signed = (await sizeOf(join(folder, manifestSignatureFile))) !== null;
  const kept = await readJson(join(folder, receiptFile), signedSchema);
  return {
    session,
    manifest,
    damaged: signed && manifest === null,
    receipt:
      manifest === null || kept === null || serverKey === null ? null : receiptOf(kept, manifest.lines, serverKey),
    journalBytes: await sizeOf(join(folder, journalFile)),
  };
}

function readManifest(text: string, signature: string): NonNullable<SpoolContent['manifest']> {
  const lines = text.split('\n').slice(0, -1);
  const segments = lines.flatMap((line, number) => {
    const parsed = parseSegmentLine(line);
    return parsed === null
      ? []
      : [
          {
            stream: parsed.stream,
            seq: parsed.seq,
            file: parsed.file,
            sha256: parsed.sha256,
            bytes: parsed.bytes,
            line: number,
          },
        ];
  });
  return { text, signature, lines, segments, ended: parseEndLine(lines.at(-1) ?? '') !== null };
}

/** Lower-case hex SHA-256 of the first `count` lines with their line feeds: what a receipt's `head` is. */
export function headOf(lines: string[], count: number): string {
  const hash = createHash('sha256');
  for (const line of lines.slice(0, count)) hash.update(`${line}\n`);
  return hash.digest('hex');
}

/** The payload when it is the server's and about exactly these lines: it decides what may be deleted. */
function receiptOf(signed: Signed, lines: string[], serverKey: string): ReceiptPayload | null {
  try {
    const payload = openDocument({
      signed,
      publicKey: serverKey,
      namespace: namespaces.receipt,
      schema: receiptPayloadSchema,
    });
    return payload.lines <= lines.length && payload.head === headOf(lines, payload.lines) ? payload : null;
  } catch {
    return null;
  }
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
