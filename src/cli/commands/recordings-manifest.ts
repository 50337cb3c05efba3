import { parseManifest } from '../../recording/manifest/parse-manifest.ts';
import type { OpenableRecording } from '../../recording/verify/source.ts';
import { verifyDocuments } from '../../recording/verify/verify-recording.ts';
import { SallyportError } from '../../shared/errors/result.ts';
import type { KeyedStream } from '../../shared/model/recording.ts';
import type { Manifest } from '../../shared/record/manifest.ts';
import type { Session } from '../environment.ts';
import { identitiesOf, type KeyOptions, openNamed } from './recordings-source.ts';

/** The manifest, or null when its text does not hold: what reads it next says where. */
export function readManifest(text: string): Manifest | null {
  try {
    return parseManifest(text);
  } catch (error) {
    if (error instanceof SallyportError) return null;
    throw error;
  }
}

/**
 * Opens a recording to read what it holds. Its manifest, signatures, grant and receipts are checked first and its parts as they are read, so that nothing is given out
 * that does not hold. Throws SP-3030 with the first place that does not, SP-3031 when no key opens one of the `needed` streams.
 */
export async function openToRead(
  session: Session,
  what: string,
  options: KeyOptions,
  needed: readonly KeyedStream[],
): Promise<OpenableRecording> {
  const named = await openNamed(session, what, options.serverKey);
  const { manifest, firstBad } = verifyDocuments(named.source);
  if (manifest === null || firstBad !== null)
    throw new SallyportError(
      'SP-3030',
      `The recording does not hold, so nothing of it is given out: ${firstBad?.where}: ${firstBad?.what}`,
    );
  const identities = await identitiesOf(named, manifest.header, options, needed);
  const shut = needed.find((stream) => identities[stream] === undefined);
  if (shut !== undefined)
    throw new SallyportError(
      'SP-3031',
      `No key opens the ${shut} of this recording. Give --identity FILE with an age identity of it${named.client === null ? '' : ', or --purpose TEXT if a rule lets you unlock it'}.`,
    );
  return { source: named.source, manifest, identities };
}

/** Says, beside the output, that a recording is not whole, and ends with 3 then. */
export function sayIfIncomplete(session: Session, { manifest }: OpenableRecording): void {
  if (manifest.end !== null) return;
  session.say('This recording has no end: what was given out is all there is of it.\n');
  session.fail(3);
}
