import {
  type KeyboardEvent,
  memo,
  type PointerEvent,
  type RefObject,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { CutIcon } from '../../components/icons/icons.tsx';
import { cx } from '../../components/primitives.tsx';
import { clock, position } from '../../services/format.ts';
import { useStore } from '../../services/store.ts';
import { testIds } from '../../test-ids.ts';
import { barsOf, idleStretches, scaleTimes } from './activity.ts';
import { type LaneMark, laneMarks, ticksPath } from './lanes.ts';
import { momentIcon } from './mark-icon.tsx';
import { isKill, listMarks, watchesOf } from './mark-words.ts';
import { lastAt } from './moments.ts';
import { type OpenReplay, useDerived } from './open-replay.ts';
import type { ReplayPlayer } from './replay-player.ts';
import type { ReplaySurvey } from './replay-source.ts';
import css from './timeline.module.css';
import { useCommands } from './use-moments.ts';

// Units of the drawing, which CSS stretches to the height that the lanes have (--strip).
const barPitch = 4;
const stripHeight = 64;
/** Output stands above this line, input hangs below it. */
const baseline = 46;

const Strip = memo(function Strip(props: {
  activity: ReplaySurvey['activity'];
  hits: readonly number[];
  hitNow: number | null;
  durationMs: number;
  width: number;
}) {
  const { activity, durationMs, width } = props;
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
  const tick = { from: 0, height: stripHeight, width: 3 };
  // Very many are thin: what they are of stays to be seen between them.
  const thickness = props.hits.length > width / 12 ? 1 : 3;
  const hits = useMemo(
    () => ticksPath(props.hits, durationMs, width, { from: 0, height: stripHeight, width: thickness }),
    [props.hits, durationMs, width, thickness],
  );
  return (
    <svg className={css.stripSvg} viewBox={`0 0 ${width} ${stripHeight}`} preserveAspectRatio="none" aria-hidden="true">
      <rect width={width} height={stripHeight} fill="var(--accent-soft)" opacity=".55" />
      <path d={paths.output} fill="var(--line-3)" />
      <path d={`M0 ${baseline}.5H${width}`} stroke="var(--line-2)" />
      <path d={paths.input} fill="var(--accent)" />
      <path d={hits} className={cx(css.hits, thickness === 1 && css.hitsMany)} />
      {props.hitNow === null ? null : (
        <path d={ticksPath([props.hitNow], durationMs, width, { ...tick, width: 4 })} className={css.hitNow} />
      )}
    </svg>
  );
});

const noActivity: ReplaySurvey['activity'] = [];
const noMarks: ReplaySurvey['marks'] = [];

/** Signs of the lane of marks; each goes to its moment. */
const Signs = memo(function Signs(props: {
  signs: readonly LaneMark[];
  durationMs: number;
  onSeek: (ms: number) => void;
}) {
  return (
    <div className={css.marks}>
      {props.signs.map((sign) => (
        <button
          key={sign.atMs}
          type="button"
          className={cx(css.mark, css[sign.icon])}
          tabIndex={-1}
          style={{ left: `${(sign.atMs / props.durationMs) * 100}%` }}
          title={sign.words.join('\n')}
          aria-label={sign.words.join(', ')}
          onPointerDown={(event) => event.stopPropagation()}
          onClick={() => props.onSeek(sign.atMs)}
        >
          {momentIcon(sign.icon, 11)}
        </button>
      ))}
    </div>
  );
});

/** The only part that moves while it plays. */
function Playhead(props: { player: ReplayPlayer; durationMs: number }) {
  const at = useDerived(props.player.state, (state) => state.positionMs);
  return (
    <span className={css.playhead} style={{ left: `${(Math.min(props.durationMs, at) / props.durationMs) * 100}%` }} />
  );
}

/** Follows the pointer: the time there, the clock then, and what ran. */
function Hover(props: { replay: OpenReplay; track: RefObject<HTMLDivElement | null>; durationMs: number }) {
  const { replay, durationMs } = props;
  const [share, setShare] = useState<number | null>(null);
  const commands = useCommands(replay);
  useEffect(() => {
    const element = props.track.current;
    if (element === null) return;
    const move = (event: globalThis.PointerEvent) => {
      const box = element.getBoundingClientRect();
      setShare(Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)));
    };
    const leave = () => setShare(null);
    element.addEventListener('pointermove', move);
    element.addEventListener('pointerleave', leave);
    return () => {
      element.removeEventListener('pointermove', move);
      element.removeEventListener('pointerleave', leave);
    };
  }, [props.track]);
  if (share === null) return null;
  const ms = share * durationMs;
  const command = commands[lastAt(commands, ms)]?.command;
  return (
    <span
      className={cx(css.hover, share > 0.7 && css.hoverLeft)}
      style={{ left: `${share * 100}%` }}
      aria-hidden="true"
      data-testid={testIds.replayHover}
    >
      <span className={css.hoverText}>
        <b>{position(ms)}</b>
        {replay.startedAtMs === null ? null : <span>{clock(replay.startedAtMs + ms, true)}</span>}
        {command === undefined ? null : <span className={css.hoverCommand}>{command}</span>}
      </span>
    </span>
  );
}

/** Where there was output and input, what was entered, what is marked, who watched, and where we are. */
export function Timeline(props: { replay: OpenReplay; onSeek: (ms: number) => void }) {
  const { replay, onSeek } = props;
  const { opened, survey, player, killed } = replay;
  const activity = survey?.activity ?? noActivity;
  const recorded = survey?.marks ?? noMarks;
  const track = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(800);
  const duration = Math.max(1, opened.durationMs);
  const seconds = useDerived(player.state, (state) => Math.round(state.positionMs / 1000));
  const search = useStore(replay.search.state);
  const { notes } = useStore(replay.notes.state);
  const commands = useCommands(replay);
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

  const hits = useMemo(() => search.hits.map((hit) => hit.atMs), [search.hits]);
  const signs = useMemo(() => {
    const marks = listMarks(recorded).filter(
      (mark) => mark.kind !== 'input' && !(killed && (mark.kind === 'exit' || isKill(mark))),
    );
    return laneMarks({ marks, bookmarks: notes?.bookmarks ?? [], findings: notes?.findings ?? [] }, duration, width);
  }, [recorded, killed, notes, duration, width]);
  const watches = useMemo(() => watchesOf(recorded, duration), [recorded, duration]);
  const idle = useMemo(() => idleStretches(activity, opened.durationMs), [activity, opened.durationMs]);
  const entered = useMemo(
    () =>
      ticksPath(
        commands.map((command) => command.atMs),
        duration,
        width,
        { from: 4, height: 10, width: 2 },
      ),
    [commands, duration, width],
  );

  const seekTo = (event: PointerEvent<HTMLDivElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    onSeek(((event.clientX - box.left) / box.width) * duration);
  };
  const onKey = (event: KeyboardEvent) => {
    const { positionMs } = player.state.get();
    const moves: Readonly<Record<string, number>> = {
      ArrowUp: positionMs + 1000,
      ArrowDown: positionMs - 1000,
      PageUp: positionMs - duration / 10,
      PageDown: positionMs + duration / 10,
    };
    const to = moves[event.key];
    if (to === undefined || event.ctrlKey || event.altKey) return;
    event.preventDefault();
    onSeek(to);
  };
  const times = scaleTimes(duration, width).filter((ms) => !killed || ((duration - ms) / duration) * width > 40);

  return (
    <div className={css.timeline}>
      <div aria-hidden="true">
        <div className={css.laneScale} />
        <div className={cx(css.lane, css.laneOutput)}>Output</div>
        <div className={cx(css.lane, css.laneInput)}>Input</div>
        <div className={cx(css.lane, css.laneTyped)}>Commands</div>
        <div className={cx(css.lane, css.laneMarks)}>Marks</div>
        {watches.length === 0 ? null : <div className={cx(css.lane, css.laneWatchers)}>Watchers</div>}
      </div>
      <div
        ref={track}
        className={css.track}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          seekTo(event);
        }}
        onPointerMove={(event) => {
          if (event.currentTarget.hasPointerCapture(event.pointerId)) seekTo(event);
        }}
      >
        <div
          className={css.slider}
          role="slider"
          tabIndex={0}
          aria-label="Position"
          aria-valuemin={0}
          aria-valuemax={Math.round(duration / 1000)}
          aria-valuenow={seconds}
          aria-valuetext={`${position(seconds * 1000)} of ${position(duration)}`}
          data-testid={testIds.replayTimeline}
          onKeyDown={onKey}
        />
        <div className={css.scale} aria-hidden="true">
          {times.map((ms) => (
            <span key={ms} style={{ left: share(ms) }}>
              {position(ms)}
            </span>
          ))}
        </div>
        <div className={css.strip}>
          <Strip
            activity={activity}
            hits={hits}
            hitNow={search.hits[search.index]?.atMs ?? null}
            durationMs={duration}
            width={width}
          />
          {opened.unlocked.includes('input') ? null : (
            <span className={css.sealed}>Keystrokes are not opened in this replay</span>
          )}
          {idle.map((stretch) => (
            <div
              key={stretch.fromMs}
              className={css.idleStretch}
              style={{ left: share(stretch.fromMs), width: share(stretch.toMs - stretch.fromMs) }}
            >
              {((stretch.toMs - stretch.fromMs) / duration) * width > 70
                ? `idle ${position(stretch.toMs - stretch.fromMs)}`
                : ''}
            </div>
          ))}
        </div>
        <svg
          className={css.typed}
          viewBox={`0 0 ${width} 18`}
          preserveAspectRatio="none"
          aria-hidden="true"
          data-testid={testIds.replayCommandTicks}
        >
          <path d={entered} fill="var(--ink-2)" />
        </svg>
        <Signs signs={signs} durationMs={duration} onSeek={onSeek} />
        {watches.length === 0 ? null : (
          <div className={css.watchers}>
            {watches.map((watch) => (
              <span
                key={`${watch.name} ${watch.fromMs}`}
                style={{ left: share(watch.fromMs), width: share(watch.toMs - watch.fromMs) }}
                title={`${watch.name} watched from ${position(watch.fromMs)} to ${position(watch.toMs)}`}
              >
                {watch.name} watches
              </span>
            ))}
          </div>
        )}
        {killed ? (
          <>
            <span className={css.endIcon} role="img" aria-label="Killed here">
              <CutIcon size={15} />
            </span>
            <span className={css.end} />
          </>
        ) : null}
        <Playhead player={player} durationMs={duration} />
        <Hover replay={replay} track={track} durationMs={duration} />
      </div>
    </div>
  );
}
