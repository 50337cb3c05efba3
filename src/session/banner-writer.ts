import { bannerKind } from '../shared/record/markers.ts';
import { plainBanner } from '../ssh/banner.ts';
import type { Screen } from './pipeline.ts';
import type { Recorder } from './recorder/recorder.ts';

/** A target may send as many banners as it likes before the login; this many characters of them are looked at. */
const maxCharacters = 16_384;

/**
 * Shows the target's words before the login. They are recorded like output, first, and marked: no channel carried them, and whoever compares the
 * record with the wire must know.
 */
export function makeBannerWriter(options: {
  mark(kind: string, text: string, bytes: number): void;
  recorder: Pick<Recorder, 'output'>;
  screen: Pick<Screen, 'output'>;
  failed(error: unknown): void;
  stopped(): boolean;
}): (text: string) => void {
  let left = maxCharacters;
  return (text) => {
    const bytes = Buffer.from(plainBanner(text.slice(0, left)), 'utf8');
    left -= Math.min(left, text.length);
    if (bytes.length === 0) return;
    options.mark(bannerKind, `The next ${bytes.length} bytes of output are the target's login banner.`, bytes.length);
    if (options.stopped()) return;
    try {
      options.screen.output(bytes, options.recorder.output(bytes));
    } catch (error) {
      options.failed(error);
    }
  };
}
