import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { SallyportError } from '../../shared/errors/result.ts';
import { type Signed, signedSchema } from '../../shared/protocol/signed.ts';
import { manifestFile, manifestSignatureFile } from '../../shared/record/manifest.ts';
import { segmentFile } from '../../shared/record/segments.ts';
import { parseManifest } from '../manifest/parse-manifest.ts';
import { readManifestPair } from '../signatures/manifest-pair.ts';
import { type Verification, verifyRecording } from './verify-recording.ts';

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

/** Device and session keys as the manifest itself claims them: the grant, signed by the server, is what makes them true. */
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
 * Verifies a recording's folder: a spool folder or an exported one (docs/recording-format.md). Keys come from the caller, else `keys.json`, else from
 * what the manifest claims; the server's must be given or in `keys.json`. Throws SP-3001 when the folder is no recording's, SP-3030 when a
 * document in it is malformed.
 */
export async function verifyFolder(folder: string, given: FolderKeys = {}): Promise<Verification> {
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
  return verifyRecording({
    ...pair,
    grant,
    receipts: await readReceipts(folder),
    sessionKey: keys.sessionKey ?? '',
    sessionKeyCertificate: keys.sessionKeyCertificate ?? '',
    deviceId: keys.deviceId ?? '',
    deviceKey: keys.deviceKey ?? '',
    serverKey: keys.serverKey,
    serverKeyPinned: given.serverKey !== undefined,
    segment: (stream, seq) => read(folder, segmentFile(stream, seq)),
  });
}
