import { stat } from 'node:fs/promises';
import { verifyFolder } from '../../recording/verify/verify-folder.ts';
import { type Verification, verifyRecording } from '../../recording/verify/verify-recording.ts';
import type { ErrorCode } from '../../shared/errors/codes.ts';
import { type Problem, SallyportError, toProblem } from '../../shared/errors/result.ts';
import type { Client } from '../client.ts';
import { examples, type Register } from '../environment.ts';
import { wholeId } from '../session-id.ts';
import { duration, moment, plain, short, size, table } from '../text.ts';
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
            short(each.because ?? each.endReason ?? '-'),
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
    .argument('[id or folder]', 'the id of a recording (at least its first 6 characters), or a folder that holds one')
    .option(
      '--server-key <line>',
      "the server's signing key (OpenSSH line), when you have kept it; else the one beside the recording",
    )
    .action(async (what: string | undefined, options: { serverKey?: string }, self) => {
      const session = open(self);
      const { serverKey } = options;
      const found =
        what !== undefined && (await isFolder(what))
          ? [{ recording: what, ...(await verifyFolder(what, serverKey === undefined ? {} : { serverKey })) }]
          : what !== undefined
            ? [await verifyOne(session.client(), what, serverKey)]
            : await verifyAll(session.client(), serverKey);
      const results = found.map((each) => {
        if (!('manifest' in each)) return each;
        const { manifest: _manifest, ...rest } = each;
        return rest;
      });
      session.print({ recordings: results }, () => results.map(words).join('\n') || 'No recordings.\n');
      if (results.some((result) => 'problem' in result || ('ok' in result && !result.ok))) session.fail();
    });
  examples(verify, [
    'sallyport --as nils recordings verify 5d0e1f2a-...',
    'sallyport recordings verify ./exported/5d0e1f2a-... --server-key "ssh-ed25519 AAAA..."',
  ]);
};

type Verified = Verification & { recording: string };
/** Of a recording among many: there is nothing to verify yet, or it could not be looked at. */
type LeftOut = { recording: string; nothing: string } | { recording: string; problem: Problem };
type Result = Omit<Verified, 'manifest'> | LeftOut;

async function isFolder(name: string): Promise<boolean> {
  return (await stat(name).catch(() => null))?.isDirectory() === true;
}

/** Every recording that the person may see; what one of them throws does not keep the others from being looked at. */
async function verifyAll(client: Client, serverKey: string | undefined): Promise<(Verified | LeftOut)[]> {
  const { recordings } = await client.call('listRecordings', { query: { limit: 1000 } });
  const results: (Verified | LeftOut)[] = [];
  for (const { sessionId: recording, state, because } of recordings) {
    try {
      results.push(await verifyOne(client, recording, serverKey));
    } catch (error) {
      const code = error instanceof SallyportError ? error.code : null;
      if (code === 'SP-3032') results.push({ recording, nothing: because ?? state });
      else if (code === 'SP-3001') results.push({ recording, nothing: 'you may list it but not read it' });
      else results.push({ recording, problem: toProblem(error) });
    }
  }
  return results;
}

/** What the server answers about something that its store does not have (any more). */
const missingCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['SP-3001', 'SP-3032', 'SP-5002']);

async function verifyOne(client: Client, typed: string, serverKey: string | undefined): Promise<Verified> {
  const sessionId = await wholeId(typed, async () =>
    (await client.call('listRecordings', { query: { limit: 1000 } })).recordings.map((each) => each.sessionId),
  );
  const documents = await client.call('getManifest', { params: { sessionId } });
  const result = await verifyRecording({
    ...documents,
    serverKey: serverKey ?? documents.serverKey,
    serverKeyPinned: serverKey !== undefined,
    segment: async (stream, seq) => {
      try {
        return await client.bytes('getSegment', { params: { sessionId, stream, seq } });
      } catch (error) {
        if (error instanceof SallyportError && missingCodes.has(error.code)) return null;
        throw error;
      }
    },
  });
  return { recording: sessionId, ...result };
}

function verdictOf(result: Omit<Verified, 'manifest'>): string {
  if (!result.ok) return 'DOES NOT HOLD';
  const whole = result.ended ? 'holds' : 'holds as far as it goes: it has no end';
  return result.pinned ? whole : `${whole}, by a server key that is not pinned`;
}

function words(result: Result): string {
  if ('nothing' in result) return `${result.recording}  nothing to verify  (${plain(result.nothing)})\n`;
  if ('problem' in result)
    return `${result.recording}  COULD NOT BE VERIFIED  (${result.problem.code}: ${plain(result.problem.message)})\n`;
  const verdict = verdictOf(result);
  const head = `${result.recording}  ${verdict}  (${result.segments} segments, ${size(result.bytes)})\n`;
  const checks = table(
    ['', '', ''],
    result.checks.map((check) => [check.ok ? '  ok ' : '  BAD', check.name, check.detail]),
    '',
  );
  return head + checks.slice(checks.indexOf('\n') + 1);
}
