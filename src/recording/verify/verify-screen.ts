import { setImmediate } from 'node:timers/promises';
import { SallyportError } from '../../shared/errors/result.ts';
import type { RecordedEvent } from '../../shared/record/events.ts';
import { formatTextHeader, textEntrySchema } from '../../shared/record/text-lines.ts';
import { openSegment } from '../segments/seal.ts';
import { formatKeyframe } from '../text/cast.ts';
import { ScreenFollower } from '../text-lines/screen-follower.ts';
import type { CheckList } from './checks.ts';
import { type OpenedSegment, openedEvents } from './open-segments.ts';
import type { OpenableRecording } from './source.ts';
import { partPlace, storedFault } from './verify-parts.ts';

/** How long a screen may draw before it lets whatever else the process does pass. */
const sliceMs = 10;

/**
 * Draws the output again, segment by segment, and compares what the endpoint claims to have seen: each keyframe, and each text sidecar where there is an identity for it
 * and for the input (commands are told by Enter). One segment and one screen in memory.
 */
export class ScreenChecker {
  private readonly recording: OpenableRecording;
  private readonly list: CheckList;
  private readonly follower: ScreenFollower;
  private readonly input: AsyncIterator<RecordedEvent> | null;
  private next: RecordedEvent | null = null;
  private keyframes = 0;
  private texts = 0;
  private notKept = 0;

  constructor(recording: OpenableRecording, list: CheckList) {
    const { manifest, identities } = recording;
    const { session, terminal } = manifest.header;
    this.recording = recording;
    this.list = list;
    this.follower = new ScreenFollower({ session, size: { cols: terminal.cols, rows: terminal.rows } });
    const open = identities.input !== undefined && identities.text !== undefined;
    this.input = open ? openedEvents(recording, 'input') : null;
  }

  /** Takes the output segments in order. Throws what reading the input throws. */
  async segment({ line, cast }: OpenedSegment): Promise<void> {
    const claimed = cast.keyframe;
    if (claimed !== null) {
      const drawn = this.follower.keyframe();
      if (drawn === null || formatKeyframe(drawn) !== formatKeyframe(claimed))
        this.list.bad(
          'screen',
          partPlace('output', line),
          'begins with a screen that the output before it does not draw',
        );
      this.keyframes += 1;
    }
    let began = performance.now();
    for (const event of cast.events) {
      await this.typedUntil(event.atMs);
      for (const _ of this.follower.taking(event)) {
        if (performance.now() - began < sliceMs) continue;
        await setImmediate();
        began = performance.now();
      }
    }
    const text = this.follower.cut(line.seq, { isLast: line.why === 'end' });
    if (this.input !== null) await this.checkText(line.seq, text);
  }

  /** After the last segment. */
  finish(): void {
    const { end } = this.recording.manifest;
    if (end !== null && end.textSegments !== end.outputSegments)
      this.list.bad('screen', 'end line', 'counts another number of texts than of output segments');
    if (!this.list.holds('screen')) return;
    const words = [`${this.keyframes} keyframes`];
    if (this.input === null) words.push('text not computed anew: that needs the keys of output, input and text');
    else words.push(`${this.texts} texts are what the output draws`);
    this.list.good('screen', words.join(', '));
    if (this.notKept > 0) this.list.lacks('screen', `${this.notKept} texts say that they were not kept`);
  }

  private async typedUntil(atMs: number): Promise<void> {
    if (this.input === null) return;
    for (;;) {
      this.next ??= (await this.input.next()).value ?? null;
      if (this.next === null || this.next.atMs > atMs) return;
      this.follower.take(this.next);
      this.next = null;
    }
  }

  private async checkText(seq: number, computed: string): Promise<void> {
    const { source, manifest, identities } = this.recording;
    const line = manifest.segments.find((each) => each.stream === 'text' && each.seq === seq);
    if (line === undefined) return;
    const place = partPlace('text', line);
    const stored = await source.segment('text', seq);
    const fault = storedFault(line, stored);
    if (fault !== null || stored === null) {
      this.list.bad('screen', place, fault ?? 'is missing');
      return;
    }
    try {
      const claimed = Buffer.from(await openSegment(stored, identities.text ?? '')).toString('utf8');
      if (claimed === computed) this.texts += 1;
      else if (isNotKept(claimed, manifest.header.session, seq)) this.notKept += 1;
      else this.list.bad('screen', place, 'is not the text that the output draws');
    } catch (error) {
      if (!(error instanceof SallyportError)) throw error;
      this.list.bad('screen', place, error.message);
    }
  }
}

/** A sidecar that says, in place of any text, why there is none: a disk that ran full leaves this. */
function isNotKept(text: string, session: string, segment: number): boolean {
  const header = formatTextHeader({ session, segment });
  if (!text.startsWith(header)) return false;
  try {
    const entry = textEntrySchema.parse(JSON.parse(text.slice(header.length)));
    return 'gap' in entry;
  } catch {
    return false;
  }
}
