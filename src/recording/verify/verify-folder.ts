import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { SallyportError } from '../../shared/errors/result.ts';
import { type Signed, signedSchema } from '../../shared/protocol/signed.ts';
import { journalFile } from '../../shared/record/journal.ts';
import { manifestFile, manifestSignatureFile } from '../../shared/record/manifest.ts';
import { partFile } from '../../shared/record/parts.ts';
import { wireFile } from '../../shared/record/wire.ts';
import { parseManifest } from '../manifest/parse-manifest.ts';
import { readManifestPair } from '../signatures/manifest-pair.ts';
import { identitiesFor } from './identities.ts';
import type { ByteStream, Identities, RecordingSource } from './source.ts';
import { type Verification, verifyRecording } from './verify-recording.ts';

/** What the server holds of a journal beyond the stored segments. */
const tailFile = 'tail';

/** `keys.json` of an exported folder. Every one of them may be given by the caller instead, who may have pinned it. */
const keysSchema = z
  .object({
    serverKey: z.string(),
    deviceId: z.string(),
    deviceKey: z.string(),
    sessionKey: z.string(),
    sessionKeyCertificate: z.string(),
  })
  .partial();
export type FolderKeys = z.infer<typeof keysSchema>;

async function read(folder: string, name: string): Promise<Uint8Array | null> {
  try {
    return await readFile(join(folder, name));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** As `read`, for what need not fit into memory. */
async function readLarge(folder: string, name: string): Promise<ByteStream | null> {
  const path = join(folder, name);
  const found = await stat(path).catch(() => null);
  return found === null ? null : createReadStream(path);
}

async function readJson<T>(folder: string, name: string, schema: z.ZodType<T>): Promise<T | null> {
  const bytes = await read(folder, name);
  if (bytes === null) return null;
  try {
    return schema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch {
    throw new SallyportError(
      'SP-3030',
      `${name} in ${folder} is not what a recording's folder holds. Export the recording again.`,
    );
  }
}

function missing(folder: string, name: string): SallyportError {
  return new SallyportError(
    'SP-3001',
    `There is no ${name} in ${folder}, so this is not the folder of a recording. Name the folder that holds the file "manifest".`,
  );
}

async function readReceipts(folder: string): Promise<Signed[]> {
  const many = await readJson(folder, 'receipts.json', z.array(signedSchema));
  if (many !== null) return many;
  const one = await readJson(folder, 'receipt.json', signedSchema);
  return one === null ? [] : [one];
}

/** Device and session keys as the manifest itself claims them. The grant, signed by the server, makes the session's true; of the device's key it says nothing. */
function claimed(manifest: string): FolderKeys {
  try {
    const { header } = parseManifest(manifest);
    return {
      deviceId: header.device.id,
      deviceKey: header['device-key'],
      sessionKey: header['session-key'],
      sessionKeyCertificate: header['session-key-certificate'],
    };
  } catch {
    return {};
  }
}

/**
 * A recording's folder as a source: a spool folder or an exported one (docs/recording-format.md). Keys come from the caller, else `keys.json`, else from
 * what the manifest claims; the server's must be given or in `keys.json`. Throws SP-3001 when the folder is no recording's, SP-3030 when a
 * document in it is malformed.
 */
export async function openFolder(folder: string, given: FolderKeys = {}): Promise<RecordingSource> {
  const text = await read(folder, manifestFile);
  const signature = await read(folder, manifestSignatureFile);
  if (text === null) throw missing(folder, manifestFile);
  if (signature === null) throw missing(folder, manifestSignatureFile);
  const grant = await readJson(folder, 'grant.json', signedSchema);
  if (grant === null) throw missing(folder, 'grant.json');
  let pair = { manifest: Buffer.from(text).toString('utf8'), signature: Buffer.from(signature).toString('utf8') };
  const keys = { ...claimed(pair.manifest), ...(await readJson(folder, 'keys.json', keysSchema)), ...given };
  if (keys.serverKey === undefined)
    throw new SallyportError(
      'SP-3030',
      "The control server's key is needed to verify a recording and was neither given nor is it in keys.json.",
    );
  if (keys.sessionKey !== undefined) pair = (await readManifestPair(folder, keys.sessionKey)) ?? pair;
  return {
    ...pair,
    grant,
    receipts: await readReceipts(folder),
    sessionKey: keys.sessionKey ?? '',
    sessionKeyCertificate: keys.sessionKeyCertificate ?? '',
    deviceId: keys.deviceId ?? '',
    deviceKey: keys.deviceKey ?? '',
    serverKey: keys.serverKey,
    serverKeyPinned: given.serverKey !== undefined,
    segment: (kind, seq) => read(folder, partFile(kind, seq)),
    wire: (direction) => readLarge(folder, wireFile(direction)),
    journal: () => read(folder, journalFile),
    tail: () => read(folder, tailFile),
  };
}

/**
 * Verifies a recording's folder; with identities (of streams, or a list of which each is used where it fits) also everything that they open. Throws as
 * `openFolder`.
 */
export async function verifyFolder(
  folder: string,
  given: FolderKeys = {},
  identities: Identities | readonly string[] = {},
): Promise<Verification> {
  const source = await openFolder(folder, given);
  return verifyRecording({ ...source, identities: await fitting(source.manifest, identities) });
}

/** Identities by stream, of a list those that fit; none when the manifest cannot be read. */
async function fitting(manifest: string, identities: Identities | readonly string[]): Promise<Identities> {
  if (!isList(identities)) return identities;
  try {
    return await identitiesFor(parseManifest(manifest).header, identities);
  } catch {
    return {};
  }
}

function isList(identities: Identities | readonly string[]): identities is readonly string[] {
  return Array.isArray(identities);
}
