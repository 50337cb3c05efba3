import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { PartKind, RecordingView } from '../../shared/model/recording.ts';
import type { ControlApi } from '../../shared/protocol/control-api.ts';
import { signedSchema } from '../../shared/protocol/signed.ts';
import { headerLines, parseHeaderLine } from '../../shared/record/manifest-lines.ts';
import { partFile } from '../../shared/record/parts.ts';
import { isMissing, readJson } from '../files.ts';
import type { Membership } from '../identity/identity.ts';
import { type SpoolSession, spoolSessionSchema } from '../sessions/spool-folder.ts';
import { journalFile, readSpoolFolder, receiptsFile, type SpoolManifest } from '../sync/spool.ts';
import { restOfJournal } from './rest-of-journal.ts';

type ManifestAnswer = z.output<ControlApi['getManifest']['response']>;

/**
 * What this device has of one of its person's recordings, in the spool. Files go from there as the store gets them, so anything may be absent at any moment: every method
 * answers null then.
 */
export class LocalParts {
  private readonly folder: string;
  private readonly session: SpoolSession;
  private readonly membership: Membership;
  /** Frames of each stream that the manifest given last covers. */
  private covered = { output: 0, input: 0 };

  private constructor(folder: string, session: SpoolSession, membership: Membership) {
    this.folder = folder;
    this.session = session;
    this.membership = membership;
  }

  /** Null where there is nothing of it, or where it was made as somebody else or at another server. */
  static async find(spool: string, sessionId: string, membership: Membership): Promise<LocalParts | null> {
    // It becomes a path.
    if (!z.uuid().safeParse(sessionId).success) return null;
    const folder = join(spool, sessionId);
    const session = await readJson(join(folder, 'session.json'), spoolSessionSchema);
    const { identity } = membership;
    const isOwn =
      session?.sessionId === sessionId && session.server === identity.address && session.userId === identity.user.id;
    return isOwn ? new LocalParts(folder, session, membership) : null;
  }

  /** The recording as the store sees it, with what is known here: that a session whose process is gone does not go on. */
  async view(stored: RecordingView, isLive: boolean): Promise<RecordingView> {
    const mayRun = stored.state === 'started' || stored.state === 'receiving';
    if (isLive || !mayRun) return stored;
    const manifest = await this.readManifest();
    const because =
      manifest?.ended !== true
        ? 'the session process stopped before it could close the record; what it wrote is still on this device'
        : null;
    return { ...stored, state: because === null ? stored.state : 'incomplete', because: stored.because ?? because };
  }

  /** As the server would answer it. */
  async manifest(): Promise<ManifestAnswer | null> {
    const manifest = await this.readManifest();
    const grant = await readJson(join(this.folder, 'grant.json'), signedSchema);
    if (manifest === null || grant === null) return null;
    const { session } = this;
    const { identity, key } = this.membership;
    for (const { stream, frames } of manifest.parts)
      if (stream === 'output' || stream === 'input') this.covered[stream] = frames;
    return {
      manifest: manifest.text,
      signature: manifest.signature,
      receipts: (await readJson(join(this.folder, receiptsFile), z.array(signedSchema))) ?? [],
      grant,
      sessionKey: session.sessionKey,
      sessionKeyCertificate: session.sessionKeyCertificate,
      deviceId: session.deviceId,
      // Of a device that this one was before, only the manifest knows the key.
      deviceKey: session.deviceId === identity.device.id ? key.line : (deviceKeyIn(manifest) ?? key.line),
      serverKey: identity.serverKey,
    };
  }

  /** A sealed part, as it lies here; whoever reads it compares it with the manifest. */
  async part(kind: PartKind, seq: number): Promise<Uint8Array<ArrayBuffer> | null> {
    try {
      return new Uint8Array(await readFile(join(this.folder, partFile(kind, seq))));
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  /** The journal as far as it is written, from where the given manifest makes the rest of it needed. Throws SP-5005 when that is too large. */
  async journal(): Promise<Uint8Array<ArrayBuffer> | null> {
    return restOfJournal(join(this.folder, journalFile), this.covered);
  }

  /** The one that the session's key signed; null where there is none, or none that it signed. */
  private async readManifest(): Promise<SpoolManifest | null> {
    // No receipt counts here: nothing is removed by it.
    return (await readSpoolFolder(this.folder, null))?.manifest ?? null;
  }
}

function deviceKeyIn({ lines }: SpoolManifest): string | null {
  for (const line of lines.slice(0, headerLines)) {
    const key = parseHeaderLine('device-key', line);
    if (typeof key === 'string') return key;
  }
  return null;
}
