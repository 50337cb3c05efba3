import { z } from 'zod';
import type { PartStart } from '../shared/protocol/replay.ts';
import { clampSize } from './parts.ts';

const prefix = '# kf ';
/** A keyframe stands among the first lines, before any event. */
const linesLookedAt = 4;
const keyframeSchema = z.object({ cols: z.number(), rows: z.number(), init: z.string() });

/** The screen that a segment begins with, from its keyframe comment `# kf {"cols":..,"rows":..,"init":".."}`; null when it has none. */
export function readKeyframe(text: Uint8Array): PartStart | null {
  const bytes = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  let at = 0;
  for (let line = 0; line < linesLookedAt && bytes[at] === 0x23; line += 1) {
    const end = bytes.indexOf(0x0a, at);
    const whole = bytes.toString('utf8', at, end < 0 ? bytes.length : end);
    if (whole.startsWith(prefix)) return parsed(whole.slice(prefix.length));
    if (end < 0) return null;
    at = end + 1;
  }
  return null;
}

function parsed(json: string): PartStart | null {
  try {
    const found = keyframeSchema.safeParse(JSON.parse(json));
    if (!found.success) return null;
    return {
      ...clampSize(found.data.cols, found.data.rows),
      init: new Uint8Array(Buffer.from(found.data.init, 'utf8')),
    };
  } catch {
    return null;
  }
}
