import { ageOpen, makeAgeIdentity } from '../recording/codecs/age.ts';
import { SallyportError } from '../shared/errors/result.ts';
import type { KeyedStream, RecordingView } from '../shared/model/recording.ts';
import type { Fetcher } from './fetcher.ts';

export type Identities = Partial<Record<KeyedStream, string>>;

/**
 * Asks for the identities of the streams this person may read. They are sealed to a key made here and exist in this process alone. Throws
 * when output stays locked; what else stays locked is only not shown.
 */
export async function unlockStreams(fetcher: Fetcher, recording: RecordingView): Promise<Identities> {
  const { identity, recipient } = await makeAgeIdentity();
  const unlock = async (stream: KeyedStream): Promise<string> => {
    const opened = Buffer.from(await ageOpen(await fetcher.unlock(stream, recipient), identity))
      .toString('utf8')
      .trim();
    if (!opened.startsWith('AGE-SECRET-KEY-1')) {
      throw new SallyportError(
        'SP-3031',
        'The server answered with something that is no key, so the recording stays locked. Report it to your administrator.',
      );
    }
    return opened;
  };
  const identities: Identities = { output: await unlock('output') };
  // What was typed stays shut for most; the text, which is what is searched and read, does not.
  for (const stream of ['input', 'text'] as const) {
    if (!recording.mayUnlock.includes(stream)) continue;
    try {
      identities[stream] = await unlock(stream);
    } catch {
      // Output alone is still a replay; `unlocked` says what is open.
    }
  }
  return identities;
}
