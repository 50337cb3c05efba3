import { SallyportError } from '../../shared/errors/result.ts';
import type { Manifest } from '../../shared/record/manifest.ts';
import { manifestProblem } from './parse-manifest.ts';

/**
 * A newer manifest of the same recording must begin with all of the older one, byte for byte. The same text again is fine. Throws SP-3024 when the
 * older one has its end and the newer differs, SP-3023 with the first line that differs otherwise.
 */
export function checkExtends(previous: Manifest, next: Manifest): void {
  if (next.text === previous.text) return;
  if (previous.end !== null) {
    throw new SallyportError(
      'SP-3024',
      'This recording is finished: its manifest has its end and takes no more. Nothing was stored; the copy that was sent is not this recording.',
    );
  }
  if (next.text.startsWith(previous.text)) return;
  const older = previous.text.split('\n');
  const newer = next.text.split('\n');
  const differs = older.findIndex((line, index) => line !== newer[index]);
  throw manifestProblem(Math.min(differs + 1, next.lines + 1), 'differs from the manifest that is already stored');
}
