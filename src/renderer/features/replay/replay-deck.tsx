import { SegmentedControl, Switch } from '@mantine/core';
import { Pause, Play, SkipBack, SkipForward } from 'lucide-react';
import { IconButton } from '../../components/primitives.tsx';
import { clock, position } from '../../services/format.ts';
import { useStore } from '../../services/store.ts';
import { testIds } from '../../test-ids.ts';
import css from './replay.module.css';
import { type ReplayPlayer, speeds } from './replay-player.ts';
import type { ReplayOpened, ReplaySurvey } from './replay-source.ts';
import { Timeline } from './timeline.tsx';

/** Timeline and controls. */
export function ReplayDeck(props: {
  player: ReplayPlayer;
  opened: ReplayOpened;
  survey: ReplaySurvey | null;
  startedAtMs: number | null;
  killed: boolean;
}) {
  const { player, opened } = props;
  const state = useStore(player.state);
  return (
    <div className={css.deck}>
      <Timeline
        opened={opened}
        survey={props.survey}
        positionMs={state.positionMs}
        killed={props.killed}
        onSeek={(ms) => void player.seek(ms)}
      />
      <div className={css.controls}>
        <IconButton label="To the start (Home)" onClick={() => void player.seek(0)}>
          <SkipBack size={16} strokeWidth={1.6} aria-hidden="true" />
        </IconButton>
        <button
          type="button"
          className={css.play}
          aria-label={state.playing ? 'Pause (Space)' : 'Play (Space)'}
          data-testid={testIds.replayPlay}
          data-playing={state.playing}
          onClick={() => player.toggle()}
        >
          {state.playing ? (
            <Pause size={17} fill="currentColor" strokeWidth={1} aria-hidden="true" />
          ) : (
            <Play size={16} fill="currentColor" strokeWidth={1} aria-hidden="true" style={{ marginLeft: 2 }} />
          )}
        </button>
        <IconButton label="To the end (End)" onClick={() => void player.seek(opened.durationMs)}>
          <SkipForward size={16} strokeWidth={1.6} aria-hidden="true" />
        </IconButton>
        <span
          className={css.time}
          data-testid={testIds.replayTime}
          data-ms={Math.round(state.positionMs)}
          data-duration-ms={Math.round(opened.durationMs)}
          data-seeking={state.seeking}
        >
          <b>{position(state.positionMs)}</b> / {position(opened.durationMs)}
        </span>
        {props.startedAtMs === null ? null : (
          <span className={css.wall}>{clock(props.startedAtMs + state.positionMs, true)}</span>
        )}
        <div className={css.controlsEnd}>
          <SegmentedControl
            aria-label="Speed"
            data-testid={testIds.replaySpeed}
            data={speeds.map((speed) => ({ value: String(speed), label: speed === 1 ? '1×' : String(speed) }))}
            value={String(state.speed)}
            onChange={(value) => player.setSpeed(Number(value))}
          />
          <Switch
            label="Skip idle"
            checked={state.skipIdle}
            onChange={(event) => player.setSkipIdle(event.currentTarget.checked)}
          />
        </div>
      </div>
    </div>
  );
}
