import { createHash } from 'node:crypto';
import { zstdCompress } from '../../recording/codecs/zstd.ts';
import { createJournal } from '../../recording/journal/journal-writer.ts';
import { ManifestWriter } from '../../recording/manifest/manifest-writer.ts';
import { blobOfLine, fingerprint, publicKeyLine } from '../../recording/signatures/keys.ts';
import { type ManifestHeader, terminalEngine } from '../../shared/record/manifest.ts';
import { zstdLevel } from '../../shared/record/segments.ts';
import { JournaledRecorder } from './journaled-recorder.ts';
import type { Recorder, RecorderOptions } from './recorder.ts';
import { takeReserve } from './reserve.ts';

function makeHeader(options: RecorderOptions, started: string, monotonicMs: number, firstLink: string): ManifestHeader {
  const { grant } = options;
  const { id, name, host, port } = grant.target;
  return {
    session: grant.sessionId,
    'server-nonce': grant.serverNonce,
    user: grant.user,
    device: grant.device,
    'device-key': options.deviceKey,
    'session-key': publicKeyLine(options.sessionKey),
    'session-key-certificate': options.sessionKeyCertificate,
    grant: createHash('sha256').update(options.grantSigned.payload).digest('hex'),
    target: { id, name, host, port },
    login: grant.login,
    command: grant.command,
    route: grant.route,
    reason: grant.reason,
    ticket: grant.ticket,
    'host-keys': grant.hostKeys.map((line) => fingerprint(blobOfLine(line))),
    started,
    'monotonic-ms': monotonicMs,
    terminal: options.terminal,
    engine: terminalEngine,
    software: options.software,
    codec: { events: 'asciicast-3', compression: 'zstd', encryption: 'age' },
    evidence: grant.evidence,
    mode: grant.recordMode,
    recipients: grant.recipients,
    journal: firstLink,
  };
}

/**
 * Creates the journal and a first signed manifest in the folder and warms what sealing needs. Nothing may be shown or sent before this resolves. Throws
 * SP-3011 when the folder cannot be written, the disk has no room to close a record in, or a recipient is no age recipient.
 */
export async function openRecorder(options: RecorderOptions): Promise<Recorder> {
  const { grant, folder, terminal } = options;
  const startedAt = new Date();
  const started = startedAt.toISOString();
  const startMs = performance.now();
  const monotonicMs = Number(process.hrtime.bigint() / 1_000_000n);
  const reserve = await takeReserve(folder);
  const journal = await createJournal({
    folder,
    header: { session: grant.sessionId, serverNonce: grant.serverNonce, started, monotonicMs, terminal },
    recipients: grant.recipients,
  }).catch(async (error: unknown) => {
    await reserve.release();
    throw error;
  });
  try {
    await zstdCompress(Buffer.from('warm'), zstdLevel);
    const manifest = new ManifestWriter(makeHeader(options, started, monotonicMs, journal.firstLink));
    const recorder = new JournaledRecorder({
      folder,
      journal,
      manifest,
      sessionKey: options.sessionKey,
      recipients: grant.recipients,
      reserve,
      manifestBytesAtMost: options.manifestBytesAtMost,
      session: grant.sessionId,
      castHeader: {
        version: 3,
        term: { cols: terminal.cols, rows: terminal.rows, type: terminal.term },
        timestamp: Math.floor(startedAt.getTime() / 1000),
      },
      now: () => Math.round(performance.now() - startMs),
    });
    await recorder.begin();
    return recorder;
  } catch (error) {
    await reserve.release();
    journal.close();
    throw error;
  }
}
