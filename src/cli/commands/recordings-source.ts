import { readFile, stat } from 'node:fs/promises';
import type { Command } from 'commander';
import { ageOpen, makeAgeIdentity } from '../../recording/codecs/age.ts';
import { identitiesFor, parseIdentityFile } from '../../recording/verify/identities.ts';
import type { Identities, RecordingSource } from '../../recording/verify/source.ts';
import { openFolder } from '../../recording/verify/verify-folder.ts';
import type { ErrorCode } from '../../shared/errors/codes.ts';
import { SallyportError } from '../../shared/errors/result.ts';
import { type KeyedStream, keyedStreamSchema } from '../../shared/model/recording.ts';
import type { ManifestHeader } from '../../shared/record/manifest.ts';
import type { Client } from '../client.ts';
import { type Session, UsageError } from '../environment.ts';
import { wholeId } from '../session-id.ts';

/** What all commands about one recording take. */
export interface KeyOptions {
  identity: string[];
  serverKey?: string;
  purpose?: string;
}

/** Adds the options that `KeyOptions` names. */
export function withKeys(command: Command): Command {
  return command
    .option(
      '--identity <file>',
      'a file of age identities, of the break-glass key or of single streams; may be given again. Each opens what it fits',
      (file: string, before: string[]) => [...before, file],
      [],
    )
    .option(
      '--purpose <text>',
      "with an id: asks the server to unlock what you may open, and says what for. It is kept in the audit; the keys stay in this command's memory",
    )
    .option(
      '--server-key <line>',
      "the server's signing key (OpenSSH line), when you have kept it; else the one beside the recording",
    );
}

/** A recording named on the command line. */
export interface NamedRecording {
  /** The folder as typed, or the whole id. */
  name: string;
  source: RecordingSource;
  /** Null for a folder. */
  client: Client | null;
}

/** Whether the argument names a folder; everything else is an id. */
export async function isFolder(name: string): Promise<boolean> {
  return (await stat(name).catch(() => null))?.isDirectory() === true;
}

/** Opens the folder, or asks the server for the recording with that id. Throws what the server answers, SP-3001 and SP-3030 for a folder that is none. */
export async function openNamed(session: Session, what: string, serverKey?: string): Promise<NamedRecording> {
  if (await isFolder(what)) {
    const source = await openFolder(what, serverKey === undefined ? {} : { serverKey });
    return { name: what, source, client: null };
  }
  const client = session.client();
  const sessionId = await wholeId(what, async () =>
    (await client.call('listRecordings', { query: { limit: 1000 } })).recordings.map((each) => each.sessionId),
  );
  return { name: sessionId, source: await serverSource(client, sessionId, serverKey), client };
}

/** What the server answers about something that its store does not have (any more). */
const missingCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['SP-3001', 'SP-3032', 'SP-5002']);

async function unlessMissing<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof SallyportError && missingCodes.has(error.code)) return null;
    throw error;
  }
}

/** The files of a stored recording, fetched as they are asked for. */
export async function serverSource(client: Client, sessionId: string, serverKey?: string): Promise<RecordingSource> {
  const documents = await client.call('getManifest', { params: { sessionId } });
  return {
    ...documents,
    serverKey: serverKey ?? documents.serverKey,
    serverKeyPinned: serverKey !== undefined,
    segment: (stream, seq) => unlessMissing(client.bytes('getSegment', { params: { sessionId, stream, seq } })),
    wire: (direction) => unlessMissing(client.stream('getWire', { params: { sessionId, direction } })),
    journal: () => unlessMissing(client.bytes('getJournal', { params: { sessionId } })),
    tail: () => unlessMissing(client.bytes('getTail', { params: { sessionId } })),
  };
}

/**
 * The keys there are: from the files, and, for what they do not open, from the server when a purpose is given. A stream that stays shut is absent. Throws a
 * UsageError for a file that cannot be read, SP-3030 for one that holds something else.
 */
export async function identitiesOf(
  recording: NamedRecording,
  header: ManifestHeader,
  options: KeyOptions,
  wanted: readonly KeyedStream[] = keyedStreamSchema.options,
): Promise<Identities> {
  const found = await identitiesFor(header, (await Promise.all(options.identity.map(readIdentities))).flat());
  const { client } = recording;
  if (options.purpose === undefined) return found;
  if (client === null)
    throw new UsageError('--purpose asks a server to unlock a recording. For a folder give --identity FILE.');
  const { mayUnlock } = await client.call('getRecording', { params: { sessionId: header.session } });
  for (const stream of wanted)
    if (found[stream] === undefined && mayUnlock.includes(stream))
      found[stream] = await unlock(client, header.session, stream, options.purpose);
  return found;
}

async function readIdentities(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new UsageError(`The file of identities ${file} cannot be read.`);
  });
  return parseIdentityFile(text, file);
}

/** One stream's identity, sealed by the server to a key that is made here and never leaves this process. */
async function unlock(client: Client, sessionId: string, stream: KeyedStream, purpose: string): Promise<string> {
  const own = await makeAgeIdentity();
  const { sealedIdentity } = await client.call('unlock', {
    params: { sessionId },
    body: { stream, purpose, recipient: own.recipient },
  });
  const opened = await ageOpen(Buffer.from(sealedIdentity, 'base64'), own.identity);
  return Buffer.from(opened).toString('utf8').trim();
}
