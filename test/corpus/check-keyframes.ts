import { restoreScreen, ScreenModel } from '../../src/recording/screen/screen-model.ts';
import { keyframeMsPerCell } from '../../src/session/recorder/segment-screen.ts';
import type { RecordedEvent } from '../../src/shared/record/events.ts';
import type { OpenedSegment } from './recorded-segments.ts';

function draw(screen: ScreenModel, event: RecordedEvent): void {
  if (event.code === 'o') screen.write(event.data);
  if (event.code !== 'r') return;
  const [cols = 0, rows = 0] = Buffer.from(event.data).toString('utf8').split('x').map(Number);
  screen.resize({ cols, rows });
}

/**
 * Plays a recording from its start, and once more from each of its keyframes. Returns the first difference in any cell or mode, at the keyframe, at any later one or
 * at the end, in words; or null. A segment without a keyframe is a difference, unless the one before it was cut by force.
 */
export function checkKeyframes(
  size: { cols: number; rows: number },
  segments: readonly OpenedSegment[],
): string | null {
  const whole = new ScreenModel(size);
  const restored: { seq: number; screen: ScreenModel }[] = [];
  const differ = (where: string) => {
    for (const { seq, screen } of restored) {
      const difference = whole.differenceFrom(screen);
      if (difference !== null) return `from keyframe ${seq}, ${where}: ${difference}`;
    }
    return null;
  };
  let keyframeMs = 0;
  for (const { line, cast } of segments) {
    const { cols, rows } = whole.size;
    const isSoon = line.t0 - keyframeMs < cols * rows * keyframeMsPerCell;
    if (cast.keyframe !== null) {
      restored.push({ seq: line.seq, screen: restoreScreen(cast.keyframe) });
      keyframeMs = line.t0;
    } else if (line.seq > 0 && !isSoon && segments[line.seq - 1]?.line.why !== 'forced')
      return `segment ${line.seq} has no keyframe`;
    const difference = differ(`at segment ${line.seq}`);
    if (difference !== null) return difference;
    for (const event of cast.events) {
      draw(whole, event);
      for (const { screen } of restored) draw(screen, event);
    }
  }
  return differ('at the end');
}

/** As `checkKeyframes`, without a recording: keyframes at so many places of some output, wherever they can be said. Returns how many there were, or a difference. */
export function checkPlaces(
  size: { cols: number; rows: number },
  events: readonly RecordedEvent[],
  places: number,
): { keyframes: number } | { difference: string } {
  const whole = new ScreenModel(size);
  const restored: { at: number; screen: ScreenModel }[] = [];
  const every = Math.max(Math.floor(events.length / places), 1);
  for (const [at, event] of events.entries()) {
    draw(whole, event);
    for (const { screen } of restored) draw(screen, event);
    const keyframe = at % every === 0 ? whole.keyframe() : null;
    if (keyframe !== null) restored.push({ at, screen: restoreScreen(keyframe) });
  }
  for (const { at, screen } of restored) {
    const difference = whole.differenceFrom(screen);
    if (difference !== null) return { difference: `from event ${at}, at the end: ${difference}` };
  }
  return { keyframes: restored.length };
}
