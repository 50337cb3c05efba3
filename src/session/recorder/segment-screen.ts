import { setImmediate } from 'node:timers/promises';
import { formatKeyframe, type Keyframe } from '../../recording/text/cast.ts';
import { inOrder, ScreenFollower } from '../../recording/text-lines/screen-follower.ts';
import { Told } from '../../recording/text-lines/told.ts';
import type { CutSegment } from './segment-builder.ts';

/**
 * A keyframe is made at one go, and takes about three microseconds a cell: never more than a small part of the session's time. In milliseconds of the recording
 * from one to the next, per cell: a second for a large screen, a tenth for a usual one.
 */
export const keyframeMsPerCell = 1 / 16;

/** How long the screen may draw before it lets keys, orders and output pass. */
const sliceMs = 4;

/**
 * The screen beside a session. It is fed when an output segment is sealed, not as output comes: so a key never waits for it, and what it has not drawn yet is the
 * sealer's backlog, which stops the target when it grows.
 */
export class SegmentScreen {
  private readonly options: { session: string; size: { cols: number; rows: number } };
  private follower: ScreenFollower | null = null;
  private isBroken = false;
  private lastKeyframeMs = 0;

  constructor(options: { session: string; size: { cols: number; rows: number } }) {
    this.options = options;
  }

  /**
   * Draws an output segment; each once, in order. Returns the line of the keyframe that it begins with, null where there is none, and its text
   * sidecar. Without `text` the sidecar says only why it is empty.
   */
  async follow(segment: CutSegment, options: { text: boolean }): Promise<{ keyframe: string | null; sidecar: string }> {
    const follower = this.begin();
    const keyframe = follower === null ? null : this.keyframe(follower, segment);
    let began = performance.now();
    for (const event of follower === null ? [] : inOrder(segment.followed)) {
      for (const _ of follower?.taking(event) ?? []) {
        if (performance.now() - began < sliceMs) continue;
        await setImmediate();
        began = performance.now();
      }
    }
    const sidecar = follower?.cut(segment.seq, { isLast: segment.why === 'end' });
    return {
      keyframe: keyframe === null ? null : formatKeyframe(keyframe),
      sidecar: options.text && sidecar !== undefined ? sidecar : this.without(segment),
    };
  }

  /** Null also where one was made a moment before: a viewer then draws a little more. */
  private keyframe(follower: ScreenFollower, segment: CutSegment): Keyframe | null {
    const { cols, rows } = follower.screenSize;
    if (segment.seq === 0 || segment.t0 - this.lastKeyframeMs < cols * rows * keyframeMsPerCell) return null;
    this.lastKeyframeMs = segment.t0;
    return follower.keyframe();
  }

  private begin(): ScreenFollower | null {
    if (this.follower !== null || this.isBroken) return this.follower;
    try {
      this.follower = new ScreenFollower(this.options);
    } catch {
      // The record itself goes on: it has no keyframes, and says that it has no text.
      this.isBroken = true;
    }
    return this.follower;
  }

  private without(segment: CutSegment): string {
    const told = new Told(this.options.session);
    told.add({ t: segment.t0, gap: 'The text of this segment was not kept.' });
    return told.cut(segment.seq);
  }
}
