import { z } from 'zod';
import { SallyportError } from '../../shared/errors/result.ts';
import { type CastHeader, type EventCode, isEventCode, type RecordedEvent } from '../../shared/record/events.ts';
import { isPossible, readSize, sizeFields } from '../../shared/record/terminal-size.ts';
import { eventTextBytes } from './event-text.ts';

/** Lines of asciicast v3 (docs.asciinema.org/manual/asciicast/v3): `[interval in seconds, code, data]`. Times here are whole milliseconds. */
export function formatCastEvent(intervalMs: number, code: EventCode, text: string): string {
  const seconds = Math.floor(intervalMs / 1000);
  const rest = String(intervalMs - seconds * 1000).padStart(3, '0');
  return `[${seconds}.${rest},"${code}",${JSON.stringify(text)}]\n`;
}

export function formatCastHeader(header: CastHeader): string {
  return `${JSON.stringify(header)}\n`;
}

/**
 * First line of every segment but the first: a comment to stock tools. `atMs` is the time of the event before it, from which the first
 * interval counts; `offset` the raw bytes of the stream before it.
 */
export const segmentCommentSchema = z.object({
  segment: z.number().int(),
  stream: z.enum(['output', 'input']),
  session: z.string(),
  atMs: z.number(),
  offset: z.number(),
});
export type SegmentComment = z.infer<typeof segmentCommentSchema>;

export function formatSegmentComment(comment: SegmentComment): string {
  return `# ${JSON.stringify(comment)}\n`;
}

/**
 * Second line of every segment but the first, where the screen could be said at the cut: a comment to stock tools. `init` is a VT string that makes a terminal
 * of this size show the screen that all output before the segment drew (ScreenModel), whatever it showed before. Scrollback is not part of it.
 */
export const keyframeSchema = z.object({
  ...sizeFields,
  init: z.string(),
});
export type Keyframe = z.infer<typeof keyframeSchema>;

const keyframePrefix = '# kf ';

export function formatKeyframe({ cols, rows, init }: Keyframe): string {
  return `${keyframePrefix}${JSON.stringify({ cols, rows, init })}\n`;
}

const castHeaderSchema = z.object({
  version: z.literal(3),
  term: z.object({ ...sizeFields, type: z.string() }),
  timestamp: z.number(),
});
const castEventSchema = z.tuple([z.number().nonnegative(), z.string().refine(isEventCode), z.string()]);

export interface CastText {
  /** Present in the first segment only. */
  header: CastHeader | null;
  comment: SegmentComment | null;
  /** Absent in the first segment, which begins with a blank screen, and where the screen could not be said. */
  keyframe: Keyframe | null;
  events: RecordedEvent[];
}

function bad(line: number, what: string): SallyportError {
  return new SallyportError(
    'SP-3030',
    `Line ${line} of a decrypted segment ${what}. The recording was not made by this program or is damaged.`,
  );
}

function parseJson(text: string, line: number): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw bad(line, 'is not JSON');
  }
}

/** Reads one segment's text. `startMs` is the time before its first event when it says none itself. Throws SP-3030 with the line. */
export function parseCast(text: Uint8Array, startMs = 0): CastText {
  const out: CastText = { header: null, comment: null, keyframe: null, events: [] };
  let atMs = startMs;
  const lines = Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString('utf8').split('\n');
  lines.forEach((line, index) => {
    if (line === '') return;
    if (index === 1 && line.startsWith(keyframePrefix)) {
      const keyframe = keyframeSchema.safeParse(parseJson(line.slice(keyframePrefix.length), 2));
      if (!keyframe.success) throw bad(2, 'is not a keyframe');
      out.keyframe = keyframe.data;
      return;
    }
    if (line.startsWith('#')) {
      const comment = index === 0 ? segmentCommentSchema.safeParse(parseJson(line.slice(1), 1)) : null;
      if (comment?.success === true) {
        out.comment = comment.data;
        atMs = comment.data.atMs;
      }
      return;
    }
    const value = parseJson(line, index + 1);
    if (index === 0 && !Array.isArray(value)) {
      const header = castHeaderSchema.safeParse(value);
      if (!header.success) throw bad(1, 'is not an asciicast v3 header');
      out.header = header.data;
      return;
    }
    const event = castEventSchema.safeParse(value);
    if (!event.success) throw bad(index + 1, 'is not an event');
    const [interval, code, data] = event.data;
    atMs += Math.round(interval * 1000);
    if (!isEventCode(code)) throw bad(index + 1, 'has an unknown code');
    const size = code === 'r' ? readSize(data) : null;
    if (size !== null && !isPossible(size)) throw bad(index + 1, 'has a size that no terminal has');
    out.events.push({
      atMs,
      code,
      data: code === 'o' || code === 'i' ? eventTextBytes(data) : Buffer.from(data, 'utf8'),
    });
  });
  return out;
}
