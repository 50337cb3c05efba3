import { Maximize2, MessageSquare, Power, Type } from 'lucide-react';
import { type KeyboardEvent, type PointerEvent, type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import { CutIcon } from '../../components/icons/icons.tsx';
import { cx } from '../../components/primitives.tsx';
import { position } from '../../services/format.ts';
import { testIds } from '../../test-ids.ts';
import { barsOf, idleStretches, scaleTimes } from './activity.ts';
import { isKill, listedWords, listMarks, type Mark } from './mark-words.ts';
import css from './replay.module.css';
import type { ReplayOpened, ReplaySurvey } from './replay-source.ts';

/** The drawing of a mark, in the timeline and in the list. */
export function markIcon(kind: Mark['kind']): ReactNode {
  switch (kind) {
    case 'resize':
      return <Maximize2 size={11} strokeWidth={1.8} aria-hidden="true" />;
    case 'marker':
      return <MessageSquare size={11} strokeWidth={1.8} aria-hidden="true" />;
    case 'exit':
      return <Power size={11} strokeWidth={1.8} aria-hidden="true" />;
    case 'input':
      return <Type size={11} strokeWidth={1.8} aria-hidden="true" />;
  }
}

// Units of the drawing, which CSS stretches to the height that the lanes have (--strip).
const barPitch = 4;
const stripHeight = 64;
/** Output stands above this line, input hangs below it. */
const baseline = 46;

function Strip(props: { activity: ReplaySurvey['activity']; width: number }) {
  const { activity, width } = props;
  const paths = useMemo(() => {
    const bars = barsOf(activity, Math.max(1, Math.floor(width / barPitch)));
    const output: string[] = [];
    const input: string[] = [];
    bars.forEach((bar, index) => {
      const x = index * barPitch;
      if (bar.output > 0) {
        const height = Math.max(2, Math.round(bar.output * (baseline - 6)));
        output.push(`M${x} ${baseline - height}h3v${height}h-3z`);
      }
      if (bar.input > 0)
        input.push(`M${x} ${baseline + 2}h3v${Math.max(2, Math.round(bar.input * (stripHeight - baseline - 4)))}h-3z`);
    });
    return { output: output.join(''), input: input.join('') };
  }, [activity, width]);
  return (
    <svg className={css.stripSvg} viewBox={`0 0 ${width} ${stripHeight}`} preserveAspectRatio="none" aria-hidden="true">
      <rect width={width} height={stripHeight} fill="var(--accent-soft)" opacity=".55" />
      <path d={paths.output} fill="var(--line-3)" />
      <path d={`M0 ${baseline}.5H${width}`} stroke="var(--line-2)" />
      <path d={paths.input} fill="var(--accent)" />
    </svg>
  );
}

const nothing: ReplaySurvey['activity'] = [];
const noMarks: ReplaySurvey['marks'] = [];

/** Where there was output and input, what is marked, and where we are. A slider: arrows move by 5 s. */
export function Timeline(props: {
  opened: ReplayOpened;
  survey: ReplaySurvey | null;
  positionMs: number;
  killed: boolean;
  onSeek: (ms: number) => void;
}) {
  const { opened, survey, positionMs } = props;
  const activity = survey?.activity ?? nothing;
  const marks = survey?.marks ?? noMarks;
  const track = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(800);
  const duration = Math.max(1, opened.durationMs);
  const share = (ms: number) => `${(Math.min(duration, Math.max(0, ms)) / duration) * 100}%`;

  useEffect(() => {
    const element = track.current;
    if (element === null) return;
    const observer = new ResizeObserver(
      ([entry]) => entry !== undefined && setWidth(Math.max(1, Math.round(entry.contentRect.width))),
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const seekTo = (event: PointerEvent<HTMLDivElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    props.onSeek(((event.clientX - box.left) / box.width) * duration);
  };
  const onKey = (event: KeyboardEvent) => {
    const moves: Readonly<Record<string, number>> = {
      PageUp: positionMs - duration / 10,
      PageDown: positionMs + duration / 10,
    };
    const to = moves[event.key];
    if (to === undefined) return;
    event.preventDefault();
    props.onSeek(to);
  };
  const typed = marks.filter((mark) => mark.kind === 'input').slice(0, 500);
  const times = scaleTimes(duration, width).filter((ms) => !props.killed || ((duration - ms) / duration) * width > 40);

  return (
    <div className={css.timeline}>
      <div aria-hidden="true">
        <div className={css.laneScale} />
        <div className={cx(css.lane, css.laneOutput)}>Output</div>
        <div className={cx(css.lane, css.laneInput)}>Input</div>
        {typed.length === 0 ? null : <div className={cx(css.lane, css.laneTyped)}>Typed</div>}
        <div className={cx(css.lane, css.laneMarks)}>Marks</div>
      </div>
      <div
        ref={track}
        className={css.track}
        role="slider"
        tabIndex={0}
        aria-label="Position"
        aria-valuemin={0}
        aria-valuemax={Math.round(duration / 1000)}
        aria-valuenow={Math.round(positionMs / 1000)}
        aria-valuetext={`${position(positionMs)} of ${position(duration)}`}
        data-testid={testIds.replayTimeline}
        onKeyDown={onKey}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          seekTo(event);
        }}
        onPointerMove={(event) => {
          if (event.currentTarget.hasPointerCapture(event.pointerId)) seekTo(event);
        }}
      >
        <div className={css.scale} aria-hidden="true">
          {times.map((ms) => (
            <span key={ms} style={{ left: share(ms) }}>
              {position(ms)}
            </span>
          ))}
        </div>
        <div className={css.strip}>
          <Strip activity={activity} width={width} />
          {opened.unlocked.includes('input') ? null : (
            <span className={css.sealed}>Keystrokes are not opened in this replay</span>
          )}
          {idleStretches(activity, opened.durationMs).map((idle) => (
            <div
              key={idle.fromMs}
              className={css.idle}
              style={{ left: share(idle.fromMs), width: share(idle.toMs - idle.fromMs) }}
            >
              {((idle.toMs - idle.fromMs) / duration) * width > 70 ? `idle ${position(idle.toMs - idle.fromMs)}` : ''}
            </div>
          ))}
        </div>
        {typed.length === 0 ? null : (
          <div className={css.typed} aria-hidden="true">
            {typed.map((mark) => (
              <span key={mark.atMs} style={{ left: share(mark.atMs) }} />
            ))}
          </div>
        )}
        <div className={css.marks}>
          {listMarks(marks)
            .filter((mark) => mark.kind !== 'input' && !(props.killed && (mark.kind === 'exit' || isKill(mark))))
            .slice(0, 200)
            .map((mark, index) => (
              <button
                // biome-ignore lint/suspicious/noArrayIndexKey: the marks of a recording do not move
                key={index}
                type="button"
                className={css.mark}
                tabIndex={-1}
                style={{ left: share(mark.atMs) }}
                title={`${position(mark.atMs)} ${listedWords(mark)}`}
                aria-label={`${position(mark.atMs)} ${listedWords(mark)}`}
                onPointerDown={(event) => event.stopPropagation()}
                onClick={() => props.onSeek(mark.atMs)}
              >
                {markIcon(mark.kind)}
              </button>
            ))}
        </div>
        {props.killed ? (
          <>
            <span className={css.endIcon} role="img" aria-label="Killed here">
              <CutIcon size={15} />
            </span>
            <span className={css.end} />
          </>
        ) : null}
        <span className={css.playhead} style={{ left: share(positionMs) }} />
      </div>
    </div>
  );
}
