import { stat } from 'node:fs/promises';
import { verifyFolder } from '../../recording/verify/verify-folder.ts';
import { type Verification, verifyRecording } from '../../recording/verify/verify-recording.ts';
import { SallyportError } from '../../shared/errors/result.ts';
import type { RecordingView } from '../../shared/model/recording.ts';
import type { Client } from '../client.ts';
import { examples, type Register } from '../environment.ts';
import { duration, moment, size, table } from '../text.ts';
import { limit } from './audit.ts';

export const registerRecordings: Register = (program, open) => {
  const recordings = program
    .command('recordings')
    .summary('stored recordings: list and verify')
    .description('Recordings in the central store.');
  const list = recordings
    .command('list')
    .description('Prints the recordings that you may see, newest first.')
    .option('--limit <count>', 'how many', limit, 50)
    .action(async (options: { limit: number }, self) => {
      const session = open(self);
      const { recordings: found } = await session.client().call('listRecordings', { query: { limit: options.limit } });
      session.print({ recordings: found }, () =>
        table(
          ['RECORDING', 'STARTED (UTC)', 'PERSON', 'TARGET', 'LOGIN', 'LENGTH', 'SIZE', 'STATE', 'END'],
          found.map((each) => [
            each.sessionId,
            moment(each.startedAt),
            each.user.name,
            each.target.name,
            each.login,
            duration(each.durationMs),
            size(each.bytes),
            each.state,
            each.because ?? each.endReason ?? '-',
          ]),
          'No recordings.',
        ),
      );
    });
  examples(list, ['sallyport --as mira recordings list --limit 20']);

  const verify = recordings
    .command('verify')
    .description(
      'Checks recordings without opening them: the signatures of session, device and server, the chain of the manifest, and every stored byte against it. Names the first place that does not hold and ends with 1 then. Without an argument: every recording that you may see.',
    )
    .argument('[id or folder]', 'the id of a recording, or a folder that holds one')
    .option(
      '--server-key <line>',
      "the server's signing key (OpenSSH line), when you have kept it; else the one beside the recording",
    )
    .action(async (what: string | undefined, options: { serverKey?: string }, self) => {
      const session = open(self);
      const found =
        what !== undefined && (await isFolder(what))
          ? [
              {
                recording: what,
                ...(await verifyFolder(what, options.serverKey === undefined ? {} : { serverKey: options.serverKey })),
              },
            ]
          : await verifyStored(session.client(), what, options.serverKey);
      const results = found.map(({ manifest: _manifest, ...rest }) => rest);
      session.print({ recordings: results }, () => results.map(words).join('\n') || 'No recordings.\n');
      if (results.some((result) => !result.ok)) session.fail();
    });
  examples(verify, [
    'sallyport --as nils recordings verify 5d0e1f2a-...',
    'sallyport recordings verify ./exported/5d0e1f2a-... --server-key "ssh-ed25519 AAAA..."',
  ]);
};

type Verified = Verification & { recording: string };

async function isFolder(name: string): Promise<boolean> {
  return (await stat(name).catch(() => null))?.isDirectory() === true;
}

async function verifyStored(
  client: Client,
  id: string | undefined,
  serverKey: string | undefined,
): Promise<Verified[]> {
  if (id !== undefined) return [await verifyOne(client, id, serverKey)];
  const { recordings } = await client.call('listRecordings', { query: { limit: 1000 } });
  const results: Verified[] = [];
  for (const recording of recordings.filter(hasManifest))
    results.push(await verifyOne(client, recording.sessionId, serverKey));
  return results;
}

/** A session that has just begun, or of which only a journal came, has no manifest to check. */
function hasManifest(recording: RecordingView): boolean {
  return recording.segments.length > 0;
}

async function verifyOne(client: Client, sessionId: string, serverKey: string | undefined): Promise<Verified> {
  const documents = await client.call('getManifest', { params: { sessionId } });
  const result = await verifyRecording({
    ...documents,
    serverKey: serverKey ?? documents.serverKey,
    segment: async (stream, seq) => {
      try {
        return await client.bytes('getSegment', { params: { sessionId, stream, seq } });
      } catch (error) {
        if (error instanceof SallyportError && (error.code === 'SP-5002' || error.code === 'SP-3001')) return null;
        throw error;
      }
    },
  });
  return { recording: sessionId, ...result };
}

function words(result: Omit<Verified, 'manifest'>): string {
  const verdict = result.ok ? (result.ended ? 'holds' : 'holds as far as it goes: it has no end') : 'DOES NOT HOLD';
  const head = `${result.recording}  ${verdict}  (${result.segments} segments, ${size(result.bytes)})\n`;
  const checks = table(
    ['', '', ''],
    result.checks.map((check) => [check.ok ? '  ok ' : '  BAD', check.name, check.detail]),
    '',
  );
  return head + checks.slice(checks.indexOf('\n') + 1);
}
