import { type KeyboardEvent, type MouseEvent, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { notFinishedYet } from '../../../shared/protocol/replay.ts';
import { Foot } from '../../components/foot.tsx';
import { BrokenLinkIcon, RecordingIcon, StrictIcon } from '../../components/icons/icons.tsx';
import { Banner, cx } from '../../components/primitives.tsx';
import { replayEvidence } from '../../services/evidence-words.ts';
import { clock } from '../../services/format.ts';
import { useServices } from '../../services/services.tsx';
import { makeStore, useStore } from '../../services/store.ts';
import { testIds } from '../../test-ids.ts';
import { isRunning } from '../recordings/end-words.ts';
import { ChecksStrip } from './checks-strip.tsx';
import { makeNotesService } from './notes-service.ts';
import { makeReplayUi, type OpenReplay } from './open-replay.ts';
import { Cover, Fault } from './replay-cover.tsx';
import { ReplayDeck } from './replay-deck.tsx';
import { ReplayDialogs } from './replay-dialogs.tsx';
import { ReplayHead, Said } from './replay-head.tsx';
import type { ReplayPlayer } from './replay-player.ts';
import { ReplayScreen } from './replay-screen.tsx';
import { ReplaySearch } from './replay-search.ts';
import { ReplaySide } from './replay-side.tsx';
import { nothingYet, type SourceState } from './replay-source.ts';
import { Transcript } from './transcript.ts';
import { useMoment, useScreenHits } from './use-hits.ts';
import { useReplay } from './use-replay.ts';
import { useReplayActions } from './use-replay-actions.ts';
import { useReplayCommands } from './use-replay-commands.ts';
import css from './view.module.css';

const nothing = makeStore<SourceState>(nothingYet);

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

/** A press on a button does what it does and leaves the focus where it is: the keys go on meaning the replay. */
function keepKeys(event: MouseEvent): void {
  if (event.target instanceof Element && event.target.closest('button, [role="slider"]') !== null)
    event.preventDefault();
}

/** Keys that a button with the focus does not need, by the command that they mean. */
const onButtons: Readonly<Record<string, string>> = {
  ArrowLeft: 'replay.back-5',
  ArrowRight: 'replay.on-5',
  'Shift ArrowLeft': 'replay.back-30',
  'Shift ArrowRight': 'replay.on-30',
  Home: 'replay.start',
  End: 'replay.end',
  Escape: 'replay.back',
};

export function ReplayView(props: { sessionId: string; purpose: string; shown: boolean }) {
  const { sessionId } = props;
  const { bridge, commands, navigation, recordings } = useServices();
  const [attempt, setAttempt] = useState(0);
  const { source, problem } = useReplay(sessionId, props.purpose, attempt);
  const state = useStore(source?.state ?? nothing);
  const { sheet } = useStore(navigation.place);
  const [player, setPlayer] = useState<ReplayPlayer | null>(null);
  const ui = useMemo(makeReplayUi, []);
  const { tab } = useStore(ui);
  const notes = useMemo(() => makeNotesService(bridge, sessionId), [bridge, sessionId]);
  const noted = useStore(notes.state).notes;
  const known = useStore(recordings.state);
  const recording = known.recordings?.find((candidate) => candidate.sessionId === sessionId) ?? null;
  const here = known.local.some((each) => each.sessionId === sessionId && each.bytes > 0);
  const room = useRef<HTMLDivElement>(null);
  const back = useCallback(() => navigation.closeReplay(), [navigation]);
  const { opened, survey } = state;
  const incomplete = survey?.incomplete ?? opened?.incomplete ?? null;
  const early = incomplete === notFinishedYet;
  const running = recording !== null && isRunning(recording);
  useClock(player);

  const search = useMemo(() => (source === null ? null : new ReplaySearch((text) => source.find(text))), [source]);
  const transcript = useMemo(
    () => (source === null ? null : new Transcript((from, count) => source.lines(from, count))),
    [source],
  );
  const lines = survey === null ? 0 : survey.lines;
  const surveyed = survey?.finished === true;
  useEffect(() => {
    transcript?.setTotal(lines);
    search?.moreWasRead(surveyed);
  }, [transcript, search, lines, surveyed]);

  const replay = useMemo<OpenReplay | null>(
    () =>
      source === null || opened === null || player === null || search === null || transcript === null
        ? null
        : {
            sessionId,
            recording,
            startedAtMs: recording === null ? null : Date.parse(recording.startedAt),
            local: here,
            source,
            opened,
            survey,
            player,
            search,
            transcript,
            notes,
            review: noted?.review ?? recording?.review ?? null,
            killed: recording?.killedBy != null || opened.endReason?.startsWith('killed') === true,
            ui,
          },
    [sessionId, recording, here, source, opened, survey, player, search, transcript, notes, noted, ui],
  );
  const actions = useReplayActions(replay);
  useReplayCommands(replay, actions, props.shown, back);
  useMoment({ player, search, sessionId, surveyed, actions });
  useScreenHits(player, search);

  useEffect(() => {
    if (source === null) setPlayer(null);
    else void notes.load();
  }, [source, notes]);
  useEffect(() => {
    if (player !== null) room.current?.focus({ preventScroll: true });
  }, [player]);

  const onKey = (event: KeyboardEvent) => {
    const on = event.target instanceof Element ? event.target : null;
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
    if (on?.closest('input, textarea, [role="dialog"], [role="menu"], [role="tablist"]') != null) return;
    const id = onButtons[event.shiftKey ? `Shift ${event.key}` : event.key];
    if (id !== undefined && commands.run(id)) event.preventDefault();
  };

  return (
    <>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: keys that the focused control leaves over, and where the focus stays */}
      <div
        className={cx(css.layout, sheet && css.layoutAlone, tab === 'transcript' && css.layoutText)}
        data-testid={testIds.replay}
        data-ready={player !== null}
        data-verified={survey?.verified ?? ''}
        data-surveyed={surveyed}
        data-session-id={sessionId}
        onKeyDown={onKey}
        onMouseDown={keepKeys}
      >
        <div className={css.main}>
          <ReplayHead recording={recording} replay={replay} actions={actions} local={here} onBack={back} />
          {opened === null ? null : (
            <ChecksStrip
              survey={survey}
              surveyedAtMs={state.surveyedAtMs}
              evidence={replayEvidence(recording, survey?.evidence ?? null)}
              sessionId={sessionId}
            />
          )}
          {replay === null ? null : <Said replay={replay} />}
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
          <div
            ref={room}
            className={cx(css.stage, recording?.target.production === true && css.stageProduction)}
            tabIndex={-1}
          >
            {source !== null && opened !== null ? (
              <ReplayScreen source={source} opened={opened} onPlayer={setPlayer} />
            ) : null}
            {player === null ? null : <Fault player={player} />}
            <Cover
              state={state}
              recording={recording}
              problem={problem ?? state.problem}
              onRetry={() => setAttempt((before) => before + 1)}
            />
          </div>
          {replay === null || actions === null ? null : (
            <ReplayDeck replay={replay} onSeek={actions.seek} onStep={actions.stepCommand} />
          )}
        </div>
        <ReplaySide recording={recording} replay={replay} actions={actions} open={sheet} />
        {replay === null || actions === null ? null : <ReplayDialogs replay={replay} actions={actions} />}
      </div>
      <Foot
        keys={[
          ['Space', 'play'],
          ['← →', '5 s'],
          ['[ ]', 'by command'],
          ['/', 'search'],
          ['N', 'next hit'],
          ...(replay?.review?.may.review === true
            ? ([
                ['B', 'bookmark'],
                ['F', 'finding'],
              ] as const)
            : []),
          ['T', 'transcript'],
          ['Esc', 'back'],
        ]}
      />
    </>
  );
}
