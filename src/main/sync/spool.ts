import { createHash } from 'node:crypto';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readManifestPair } from '../../recording/signatures/manifest-pair.ts';
import { openDocument } from '../../recording/signatures/signed.ts';
import type { PartKind } from '../../shared/model/recording.ts';
import {
  grantPayloadSchema,
  namespaces,
  type ReceiptPayload,
  receiptPayloadSchema,
  type Signed,
  signedSchema,
} from '../../shared/protocol/signed.ts';
import { manifestSignatureFile } from '../../shared/record/manifest.ts';
import {
  parseAnchorLine,
  parseEndLine,
  parseReceiptLine,
  parseSegmentLine,
} from '../../shared/record/manifest-lines.ts';
import { isMissing, readJson, writeWhole } from '../files.ts';
import { type SpoolSession, spoolSessionSchema } from '../sessions/spool-folder.ts';

/** A file that the manifest lists: a segment or an anchor. */
export interface SpoolPart {
  stream: PartKind;
  seq: number;
  file: string;
  sha256: string;
  bytes: number;
  /** Frames of its stream's journal that are stored with it and those before it; 0 where there are none. */
  frames: number;
  /** Number of the manifest's line, from 0: a receipt over more lines than that covers it. */
  line: number;
}

export interface SpoolManifest {
  text: string;
  signature: string;
  lines: string[];
  /** In the order of the manifest, which is that of the upload. */
  parts: SpoolPart[];
  /** Lines up to and with the last one that is no receipt: only these are worth a new receipt. */
  worth: number;
  ended: boolean;
}

/** What lies in one session's folder, read at one moment. */
export interface SpoolContent {
  session: SpoolSession;
  /** As the grant beside it says it, unchecked: for the eye. */
  login: string;
  /** Null when there is none that its session's key has signed: a crash before the first, or `damaged`. */
  manifest: SpoolManifest | null;
  /** There is a signature, but what it should stand for has been changed: a crash never leaves that. */
  damaged: boolean;
  /** The newest kept receipt, as far as it is about this manifest's lines. */
  receipt: ReceiptPayload | null;
  /** When each kept receipt was given and how far it goes, oldest first. They say when a copy may go, never whether. */
  receiptTimes: { lines: number; atMs: number }[];
  journalBytes: number | null;
  /** Names of the files that are there. */
  files: ReadonlySet<string>;
}

/** All receipts of the recording, oldest first: what its manifest's receipt lines name. */
export const receiptsFile = 'receipts.json';
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
  const files = new Set(await readdir(folder));
  const receipts = await readReceipts(folder);
  return {
    session,
    login: await readLogin(folder),
    manifest,
    damaged: files.has(manifestSignatureFile) && manifest === null,
    receipt:
      manifest === null || serverKey === null ? null : newestOf(receipts, session.sessionId, manifest.lines, serverKey),
    receiptTimes: receipts.flatMap(timeOf),
    journalBytes: await sizeOf(join(folder, journalFile)),
    files,
  };
}

async function readLogin(folder: string): Promise<string> {
  const grant = await readJson(join(folder, 'grant.json'), signedSchema);
  try {
    return grantPayloadSchema.shape.login.parse(JSON.parse(grant?.payload ?? '{}').login);
  } catch {
    return '';
  }
}

function timeOf({ payload }: Signed): { lines: number; atMs: number }[] {
  try {
    const { lines, at } = receiptPayloadSchema.pick({ lines: true, at: true }).parse(JSON.parse(payload));
    return [{ lines, atMs: Date.parse(at) }];
  } catch {
    return [];
  }
}

/** As they were kept; none when the file is missing or has another shape. */
async function readReceipts(folder: string): Promise<Signed[]> {
  return (await readJson(join(folder, receiptsFile), z.array(signedSchema))) ?? [];
}

/** Removes files whose bytes the store has. Throws what the file system throws. */
export async function releaseFiles(folder: string, files: string[]): Promise<void> {
  for (const file of files) await rm(join(folder, file), { force: true });
}

/** Keeps a receipt that was checked, once. Throws what the file system throws. */
export async function keepReceipt(folder: string, receipt: Signed): Promise<void> {
  const kept = await readReceipts(folder);
  if (kept.some((one) => one.payload === receipt.payload)) return;
  await writeWhole(join(folder, receiptsFile), JSON.stringify([...kept, receipt]));
}

function readManifest(text: string, signature: string): SpoolManifest {
  const lines = text.split('\n').slice(0, -1);
  const parts: SpoolPart[] = [];
  let worth = 0;
  for (const [line, content] of lines.entries()) {
    if (parseReceiptLine(content) === null) worth = line + 1;
    const part = parseSegmentLine(content) ?? anchorPart(content);
    if (part === null) continue;
    const { stream, seq, file, sha256, bytes, frames } = part;
    parts.push({ stream, seq, file, sha256, bytes, frames, line });
  }
  return { text, signature, lines, parts, worth, ended: parseEndLine(lines.at(-1) ?? '') !== null };
}

function anchorPart(content: string): Omit<SpoolPart, 'line'> | null {
  const anchor = parseAnchorLine(content);
  return anchor === null ? null : { ...anchor, stream: 'anchor', frames: 0 };
}

/** Lower-case hex SHA-256 of the first `count` lines with their line feeds: what a receipt's `head` is. */
export function headOf(lines: string[], count: number): string {
  const hash = createHash('sha256');
  for (const line of lines.slice(0, count)) hash.update(`${line}\n`);
  return hash.digest('hex');
}

/** The newest that is the server's and about exactly these lines: it decides what may be deleted. */
function newestOf(kept: Signed[], sessionId: string, lines: string[], serverKey: string): ReceiptPayload | null {
  for (const signed of kept.toReversed()) {
    try {
      const payload = openDocument({
        signed,
        publicKey: serverKey,
        namespace: namespaces.receipt,
        schema: receiptPayloadSchema,
      });
      const isOurs = payload.sessionId === sessionId && payload.lines <= lines.length;
      if (isOurs && payload.head === headOf(lines, payload.lines)) return payload;
    } catch {
      // Not the server's: the one before it may be.
    }
  }
  return null;
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
