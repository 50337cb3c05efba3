import type { Command } from 'commander';
import { levelNames } from '../../recording/verify/evidence-level.ts';
import { type Verification, verifyRecording } from '../../recording/verify/verify-recording.ts';
import { type Problem, SallyportError, toProblem } from '../../shared/errors/result.ts';
import type { CallOutput } from '../client.ts';
import { examples, type Session } from '../environment.ts';
import { plain, size, table } from '../text.ts';
import { readManifest } from './recordings-manifest.ts';
import {
  identitiesOf,
  type KeyOptions,
  type NamedRecording,
  openNamed,
  serverSource,
  withKeys,
} from './recordings-source.ts';

export function registerVerify(recordings: Command, open: (command: Command) => Session): void {
  const verify = withKeys(
    recordings
      .command('verify')
      .description(
        'Checks recordings: the signatures of session, device and server, the chain of the manifest, every stored byte against it, the anchors, the receipts and the wire. With keys it also opens them: what the segments hold, the text, the secrets of the anchors under the host key of the target, and all that crossed the wire against the recording. Names the first place that does not hold. Without an argument: every recording that you may see.',
      )
      .argument(
        '[id or folder]',
        'the id of a recording (at least its first 6 characters), or a folder that holds one',
      ),
  ).action(async (what: string | undefined, options: KeyOptions, self: Command) => {
    const session = open(self);
    const found =
      what === undefined
        ? await verifyAll(session, options)
        : [await verifyOne(await openNamed(session, what, options.serverKey), options)];
    const results = found.map((each) => {
      if (!('manifest' in each)) return each;
      const { manifest: _manifest, ...rest } = each;
      return rest;
    });
    session.print({ recordings: results }, () => results.map(words).join('\n') || 'No recordings.\n');
    if (results.some((result) => 'problem' in result || ('ok' in result && !result.ok))) session.fail(1);
    else if (what !== undefined && results.some((result) => 'notWhole' in result && result.notWhole !== null))
      session.fail(3);
  });
  verify.addHelpText(
    'after',
    `
Exit codes:
  0  all of it holds
  1  something does not hold, or could not be looked at
  2  typed wrong
  3  what is there holds, and it is not whole: it has no end, or no receipt covers it to
     its end. Of all recordings at once that is no failure: sessions that run have no end`,
  );
  examples(verify, [
    'sallyport --as nils recordings verify 5d0e1f2a-... --purpose "incident 4711"',
    'sallyport recordings verify ./exported/5d0e1f2a-... --identity break-glass.txt --server-key "ssh-ed25519 AAAA..."',
  ]);
}

type Verified = Verification & { recording: string };
/** Of a recording among many: there is nothing to verify yet, or it could not be looked at. */
type LeftOut = { recording: string; nothing: string } | { recording: string; problem: Problem };
type Result = Omit<Verified, 'manifest'> | LeftOut;

async function verifyOne(named: NamedRecording, options: KeyOptions): Promise<Verified> {
  const manifest = readManifest(named.source.manifest);
  const identities = manifest === null ? {} : await identitiesOf(named, manifest.header, options);
  return { recording: named.name, ...(await verifyRecording({ ...named.source, identities })) };
}

/** Every recording that the person may see; what one of them throws does not keep the others from being looked at. */
async function verifyAll(session: Session, options: KeyOptions): Promise<(Verified | LeftOut)[]> {
  const client = session.client();
  const recordings = [];
  let after: string | null = null;
  do {
    const query = { limit: 1000, ...(after === null ? {} : { after }) };
    const page: CallOutput<'listRecordings'> = await client.call('listRecordings', { query });
    recordings.push(...page.recordings);
    after = page.next;
  } while (after !== null);
  const results: (Verified | LeftOut)[] = [];
  for (const { sessionId: recording, state, because } of recordings) {
    try {
      const source = await serverSource(client, recording, options.serverKey);
      results.push(await verifyOne({ name: recording, source, client }, options));
    } catch (error) {
      const code = error instanceof SallyportError ? error.code : null;
      if (code === 'SP-3032') results.push({ recording, nothing: because ?? state });
      else if (code === 'SP-3001') results.push({ recording, nothing: 'you may list it but not read it' });
      else results.push({ recording, problem: toProblem(error) });
    }
  }
  return results;
}

function verdictOf(result: Omit<Verified, 'manifest'>): string {
  if (result.firstBad !== null) return `DOES NOT HOLD: ${result.firstBad.where}: ${result.firstBad.what}`;
  const whole =
    result.notWhole === null
      ? 'holds'
      : result.ended
        ? 'holds, and is not whole'
        : 'holds as far as it goes: it has no end';
  return result.pinned ? whole : `${whole}, by a server key that is not pinned`;
}

function words(result: Result): string {
  if ('nothing' in result) return `${result.recording}  nothing to verify  (${plain(result.nothing)})\n`;
  if ('problem' in result)
    return `${result.recording}  COULD NOT BE VERIFIED  (${result.problem.code}: ${plain(result.problem.message)})\n`;
  const level = result.evidence === null ? '' : `, ${levelNames[result.evidence]}`;
  const head = `${result.recording}  ${plain(verdictOf(result))}  (${result.segments} segments, ${size(result.bytes)}${level})\n`;
  const checks = table(
    ['', '', ''],
    result.checks.map((check) => [check.ok ? '  ok ' : '  BAD', check.name, check.detail]),
    '',
  );
  return head + checks.slice(checks.indexOf('\n') + 1);
}
