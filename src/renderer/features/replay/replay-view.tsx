import { Button } from '@mantine/core';
import { ArrowLeft } from 'lucide-react';
import { useCallback, useEffect, useState } from 'react';
import type { Problem } from '../../../shared/errors/result.ts';
import type { RecordingView } from '../../../shared/model/recording.ts';
import { notFinishedYet } from '../../../shared/protocol/replay.ts';
import { Foot } from '../../components/foot.tsx';
import { BrokenLinkIcon, CutIcon, RecordingIcon, StrictIcon } from '../../components/icons/icons.tsx';
import { Banner, cx, ErrorCard, IconButton, ProductionBadge } from '../../components/primitives.tsx';
import { detailsOf, titleOf } from '../../errors/words.ts';
import { replayEvidence } from '../../services/evidence-words.ts';
import { clock, day, length } from '../../services/format.ts';
import { useServices } from '../../services/services.tsx';
import { makeStore, useStore } from '../../services/store.ts';
import { testIds } from '../../test-ids.ts';
import { isRunning } from '../recordings/end-words.ts';
import { ChecksStrip } from './checks-strip.tsx';
import css from './replay.module.css';
import { ReplayDeck } from './replay-deck.tsx';
import { type ReplayPlayer, speeds } from './replay-player.ts';
import { ReplayScreen } from './replay-screen.tsx';
import { ReplaySide } from './replay-side.tsx';
import { nothingYet, type SourceState } from './replay-source.ts';
import { useReplay } from './use-replay.ts';

const nothing = makeStore<SourceState>(nothingYet);
const still = makeStore<{ positionMs: number; fault: string | null }>({ positionMs: 0, fault: null });

const progressWords = {
  fetching: 'Fetching from the central store',
  verifying: 'Checking signatures and digests',
  decrypting: 'Decrypting',
} as const;

function Head(props: { recording: RecordingView | null; onBack: () => void }) {
  const { recording } = props;
  const now = Date.now();
  const started = recording === null ? 0 : Date.parse(recording.startedAt);
  return (
    <header className={css.head}>
      <IconButton label="Back to the list (Esc)" testId={testIds.replayBack} onClick={props.onBack}>
        <ArrowLeft size={17} strokeWidth={1.6} aria-hidden="true" />
      </IconButton>
      {recording === null ? (
        <h2 className={css.headName}>Recording</h2>
      ) : (
        <div className={css.headBody}>
          <div className={css.headLine}>
            {recording.target.production ? <ProductionBadge /> : null}
            <h2 className={css.headName}>{recording.target.name}</h2>
            <span className={css.headBy}>
              {recording.login} by <b>{recording.user.name}</b>
            </span>
          </div>
          <div className={css.headMeta}>
            <span className="selectable">
              {day(started, now)}, {clock(started, true)}
              {recording.endedAt === null ? '' : ` to ${clock(Date.parse(recording.endedAt), true)}`}
              {recording.durationMs === null ? '' : `, ${length(recording.durationMs)}`}.
              {recording.reason === null ? '' : ` “${recording.reason}”.`}
            </span>
            {recording.killedBy === null ? null : (
              <span className={css.endedBy}>
                <CutIcon size={14} />
                Ended by a kill
              </span>
            )}
          </div>
        </div>
      )}
    </header>
  );
}

function Cover(props: { state: SourceState; problem: Problem | null; onRetry: () => void }) {
  const { app } = useServices();
  const { progress } = props.state;
  if (props.problem !== null) {
    const { problem } = props;
    const title = titleOf(problem.code);
    return (
      <div className={css.cover}>
        <ErrorCard
          title={title}
          problem={problem}
          testId={testIds.replayProblem}
          onCopy={() => void app.copy(detailsOf(title, problem))}
          action={<Button onClick={props.onRetry}>Try again</Button>}
        />
      </div>
    );
  }
  if (props.state.opened !== null) return null;
  const share = progress === null || progress.total === 0 ? 0 : Math.min(1, progress.done / progress.total);
  return (
    <div className={css.cover} role="status">
      <div className={css.progress}>
        <h2 className={css.progressTitle}>Opening the recording</h2>
        <div className={css.progressBar}>
          <div style={{ width: `${Math.round(share * 100)}%` }} />
        </div>
        <p className={css.progressText}>
          {progress === null
            ? 'Starting the replay'
            : `${progressWords[progress.what]}, ${progress.done} of ${progress.total}`}
        </p>
      </div>
    </div>
  );
}

/** Keys of the replay, wherever the focus is in it. */
function useReplayKeys(player: ReplayPlayer | null, shown: boolean, onBack: () => void): void {
  useEffect(() => {
    if (!shown) return;
    const onKey = (event: KeyboardEvent) => {
      const target = event.target instanceof HTMLElement ? event.target : null;
      if (
        event.ctrlKey ||
        event.altKey ||
        event.metaKey ||
        target?.closest('[role="dialog"], input[type="text"]') != null
      )
        return;
      const state = player?.state.get();
      const speedAt = speeds.indexOf(state?.speed ?? 1);
      const by = event.shiftKey ? 30_000 : 5000;
      const inChoice = target?.closest('input[type="radio"], input[type="checkbox"]') != null;
      if (event.key === 'Escape') onBack();
      else if (player === null || state === undefined) return;
      else if (event.key === ' ' && target?.closest('button, input') == null) player.toggle();
      else if (event.key === 'ArrowLeft' && !inChoice) void player.seek(state.positionMs - by);
      else if (event.key === 'ArrowRight' && !inChoice) void player.seek(state.positionMs + by);
      else if (event.key === 'Home') void player.seek(0);
      else if (event.key === 'End') void player.seek(Number.MAX_SAFE_INTEGER);
      else if (event.key === '<') player.setSpeed(speeds[Math.max(0, speedAt - 1)] ?? 1);
      else if (event.key === '>') player.setSpeed(speeds[Math.min(speeds.length - 1, speedAt + 1)] ?? 1);
      else if (event.key.toLowerCase() === 'i') player.setSkipIdle(!state.skipIdle);
      else return;
      event.preventDefault();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [player, shown, onBack]);
}

/** Real time for the player, one step per frame. */
function useClock(player: ReplayPlayer | null): void {
  useEffect(() => {
    if (player === null) return;
    let last = performance.now();
    let frame = requestAnimationFrame(function step(at) {
      player.tick(Math.max(0, at - last));
      last = at;
      frame = requestAnimationFrame(step);
    });
    return () => cancelAnimationFrame(frame);
  }, [player]);
}

export function ReplayView(props: { sessionId: string; purpose: string; shown: boolean }) {
  const { navigation, recordings } = useServices();
  const [attempt, setAttempt] = useState(0);
  const { source, problem } = useReplay(props.sessionId, props.purpose, attempt);
  const state = useStore(source?.state ?? nothing);
  const { sheet } = useStore(navigation.place);
  const [player, setPlayer] = useState<ReplayPlayer | null>(null);
  const { positionMs, fault } = useStore<{ positionMs: number; fault: string | null }>(player?.state ?? still);
  const list = useStore(recordings.state).recordings;
  const recording = list?.find((candidate) => candidate.sessionId === props.sessionId) ?? null;
  const back = useCallback(() => navigation.closeReplay(), [navigation]);
  const { opened, survey } = state;
  const incomplete = survey?.incomplete ?? opened?.incomplete ?? null;
  const early = incomplete === notFinishedYet;
  const running = recording !== null && isRunning(recording);
  useReplayKeys(player, props.shown, back);
  useClock(player);

  useEffect(() => {
    if (source === null) setPlayer(null);
  }, [source]);

  useEffect(() => {
    if (player === null) return;
    void player.seek(0);
    document.querySelector<HTMLElement>(`[data-testid="${testIds.replayPlay}"]`)?.focus();
  }, [player]);

  const startedAtMs = recording === null ? null : Date.parse(recording.startedAt);
  const killed = recording?.killedBy != null || opened?.endReason?.startsWith('killed') === true;
  return (
    <>
      <div
        className={cx(css.layout, sheet && css.layoutAlone)}
        data-testid={testIds.replay}
        data-ready={player !== null}
        data-verified={survey?.verified ?? ''}
        data-surveyed={survey?.finished ?? false}
        data-session-id={props.sessionId}
      >
        <div className={css.main}>
          <Head recording={recording} onBack={back} />
          {opened === null ? null : (
            <ChecksStrip
              survey={survey}
              surveyedAtMs={state.surveyedAtMs}
              evidence={replayEvidence(recording, survey?.evidence ?? null)}
              sessionId={props.sessionId}
            />
          )}
          {survey?.verified === false ? (
            <Banner tone="strict" icon={<StrictIcon />} title="This recording does not verify">
              Something in it is not what was recorded and signed. Do not rely on what you see; tell whoever runs
              Sallyport. SP-3030
            </Banner>
          ) : null}
          {opened !== null && early ? (
            <Banner
              tone="quiet"
              icon={<RecordingIcon size={14} />}
              title={running ? 'Still running' : 'Opened before its end'}
            >
              What had been stored
              {state.openedAtMs === null ? ' when it was opened' : ` by ${clock(state.openedAtMs, true)}`} is shown.
              Open it again for what came since.
            </Banner>
          ) : null}
          {opened !== null && incomplete !== null && !early ? (
            <Banner
              tone="press"
              icon={<BrokenLinkIcon />}
              title={(survey?.faults.length ?? 0) > 0 ? 'Not all of it can be shown' : 'Incomplete from its end on'}
            >
              {incomplete}
            </Banner>
          ) : null}
          <div className={cx(css.stage, recording?.target.production === true && css.stageProduction)}>
            {source !== null && opened !== null ? (
              <ReplayScreen source={source} opened={opened} onPlayer={setPlayer} />
            ) : null}
            {fault === null ? null : (
              <p className={css.fault} role="status" data-testid={testIds.replayFault}>
                <StrictIcon size={14} />
                {fault.slice(0, 1).toUpperCase() + fault.slice(1)}
              </p>
            )}
            <Cover
              state={state}
              problem={problem ?? state.problem}
              onRetry={() => setAttempt((before) => before + 1)}
            />
          </div>
          {player !== null && opened !== null ? (
            <ReplayDeck player={player} opened={opened} survey={survey} startedAtMs={startedAtMs} killed={killed} />
          ) : null}
        </div>
        <ReplaySide
          recording={recording}
          opened={opened}
          survey={survey}
          positionMs={positionMs}
          open={sheet}
          onSeek={(ms) => void player?.seek(ms)}
        />
      </div>
      <Foot
        keys={[
          ['Space', 'play'],
          ['← →', '5 s'],
          ['< >', 'speed'],
          ['I', 'skip idle'],
          ['Ctrl .', 'marks and details'],
          ['Esc', 'back to the list'],
        ]}
      />
    </>
  );
}
