import { Button, SegmentedControl, Switch } from '@mantine/core';
import { Pause, Play, SkipBack, SkipForward } from 'lucide-react';
import { IconButton, Keys } from '../../components/primitives.tsx';
import { clock, position } from '../../services/format.ts';
import { useStore } from '../../services/store.ts';
import { testIds } from '../../test-ids.ts';
import css from './deck.module.css';
import { change, type OpenReplay, useDerived } from './open-replay.ts';
import { type ReplayPlayer, speeds } from './replay-player.ts';
import { Timeline } from './timeline.tsx';

/** Where we are; the only part of the controls that changes while it plays. */
function Times(props: { player: ReplayPlayer; durationMs: number; startedAtMs: number | null }) {
  const state = useStore(props.player.state);
  return (
    <>
      <span
        className={css.time}
        data-testid={testIds.replayTime}
        data-ms={Math.round(state.positionMs)}
        data-duration-ms={Math.round(props.durationMs)}
        data-seeking={state.seeking}
      >
        <b>{position(state.positionMs)}</b> / {position(props.durationMs)}
      </span>
      {props.startedAtMs === null ? null : (
        <span className={css.wall}>{clock(props.startedAtMs + state.positionMs, true)}</span>
      )}
    </>
  );
}

/** Timeline and controls. */
export function ReplayDeck(props: { replay: OpenReplay; onSeek: (ms: number) => void; onStep: (by: 1 | -1) => void }) {
  const { replay, onSeek, onStep } = props;
  const { player, opened } = replay;
  const playing = useDerived(player.state, (state) => state.playing);
  const speed = useDerived(player.state, (state) => state.speed);
  const skipIdle = useDerived(player.state, (state) => state.skipIdle);
  const by = (ms: number) => onSeek(player.state.get().positionMs + ms);
  return (
    <div className={css.deck}>
      <Timeline replay={replay} onSeek={onSeek} />
      <div className={css.controls}>
        <IconButton label="Command before ([)" onClick={() => onStep(-1)}>
          <SkipBack size={16} strokeWidth={1.6} aria-hidden="true" />
        </IconButton>
        <IconButton label="Back 5 s (←)" onClick={() => by(-5000)} className={css.by}>
          <span aria-hidden="true">−5</span>
        </IconButton>
        <button
          type="button"
          className={css.play}
          aria-label={playing ? 'Pause (Space)' : 'Play (Space)'}
          data-testid={testIds.replayPlay}
          data-playing={playing}
          onClick={() => player.toggle()}
        >
          {playing ? (
            <Pause size={17} fill="currentColor" strokeWidth={1} aria-hidden="true" />
          ) : (
            <Play size={16} fill="currentColor" strokeWidth={1} aria-hidden="true" style={{ marginLeft: 2 }} />
          )}
        </button>
        <IconButton label="On by 5 s (→)" onClick={() => by(5000)} className={css.by}>
          <span aria-hidden="true">+5</span>
        </IconButton>
        <IconButton label="Next command (])" onClick={() => onStep(1)}>
          <SkipForward size={16} strokeWidth={1.6} aria-hidden="true" />
        </IconButton>
        <Times player={player} durationMs={opened.durationMs} startedAtMs={replay.startedAtMs} />
        <div className={css.controlsEnd}>
          <SegmentedControl
            aria-label="Speed"
            data-testid={testIds.replaySpeed}
            data={speeds.map((each) => ({ value: String(each), label: each === 1 ? '1×' : String(each) }))}
            value={String(speed)}
            onChange={(value) => player.setSpeed(Number(value))}
          />
          <Switch
            label="Skip idle"
            checked={skipIdle}
            onChange={(event) => player.setSkipIdle(event.currentTarget.checked)}
          />
          <Button
            data-testid={testIds.replayGoTo}
            rightSection={<Keys of="G" />}
            onClick={() => change(replay.ui, { dialog: { kind: 'go-to', atMs: player.state.get().positionMs } })}
          >
            Go to
          </Button>
        </div>
      </div>
    </div>
  );
}
