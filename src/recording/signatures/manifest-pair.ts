import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { namespaces } from '../../shared/protocol/signed.ts';
import { manifestFile, manifestSignatureFile } from '../../shared/record/manifest.ts';
import { syncFolder, writeDurable } from '../files/durable.ts';
import { verifySsh } from './sshsig.ts';

/** The next text, on disk before its signature is in place. */
const nextFile = `${manifestFile}.next`;

export interface ManifestPair {
  manifest: string;
  signature: string;
}

/**
 * Puts a manifest and its signature in a folder. Two files cannot change as one, so the order is: the new text as `manifest.next` and the
 * new signature, both synced; the signature renamed into place; the text renamed into place. Whenever this stops, `manifest.sig` signs
 * either `manifest` or `manifest.next`. Throws what the file system throws.
 */
export async function writeManifestPair(folder: string, pair: ManifestPair): Promise<void> {
  await writeDurable(folder, nextFile, pair.manifest);
  await writeDurable(folder, `${manifestSignatureFile}.next`, pair.signature);
  await rename(join(folder, `${manifestSignatureFile}.next`), join(folder, manifestSignatureFile));
  await syncFolder(folder);
  await rename(join(folder, nextFile), join(folder, manifestFile));
  await syncFolder(folder);
}

async function read(folder: string, name: string): Promise<string | null> {
  try {
    return await readFile(join(folder, name), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

/**
 * The manifest that `manifest.sig` signs, whether or not its writer came to an end, or is at it now; null when there is none, or none that
 * verifies with the session's key (an OpenSSH line). Throws what the file system throws.
 */
export async function readManifestPair(folder: string, sessionKey: string): Promise<ManifestPair | null> {
  // A running session may replace the files between two reads: then the second turn sees the new pair.
  for (let turn = 0; turn < 3; turn += 1) {
    const signature = await read(folder, manifestSignatureFile);
    if (signature === null) return null;
    for (const name of [manifestFile, nextFile]) {
      const manifest = await read(folder, name);
      if (manifest === null) continue;
      if (verifySsh({ publicKey: sessionKey, namespace: namespaces.recording, message: manifest, signature }))
        return { manifest, signature };
    }
  }
  return null;
}
