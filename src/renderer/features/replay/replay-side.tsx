import { useMemo } from 'react';
import type { RecordingView } from '../../../shared/model/recording.ts';
import { CutIcon } from '../../components/icons/icons.tsx';
import { cx } from '../../components/primitives.tsx';
import { recordingEvidence, wireWords } from '../../services/evidence-words.ts';
import { bytes, counted, position, when } from '../../services/format.ts';
import { loginWords } from '../../services/login-words.ts';
import { endWords, isRunning } from '../recordings/end-words.ts';
import { isKill, listedWords, listMarks } from './mark-words.ts';
import css from './replay.module.css';
import type { ReplayOpened, ReplaySurvey } from './replay-source.ts';
import { markIcon } from './timeline.tsx';

/** Facts of the recording, and every mark as a row. */
export function ReplaySide(props: {
  recording: RecordingView | null;
  opened: ReplayOpened | null;
  survey: ReplaySurvey | null;
  positionMs: number;
  open: boolean;
  onSeek: (ms: number) => void;
}) {
  const { recording, opened, survey } = props;
  const recorded = survey?.marks;
  const marks = useMemo(() => listMarks(recorded ?? []), [recorded]);
  const endReason = recording?.endReason ?? opened?.endReason ?? null;
  const running = recording !== null && isRunning(recording);
  const killedBy = recording?.killedBy ?? null;
  const current = marks.reduce((found, mark, index) => (mark.atMs <= props.positionMs ? index : found), -1);
  return (
    <aside className={cx(css.side, props.open && css.sideOpen)} aria-label="Details">
      <section className={css.section}>
        <h3 className={css.sectionTitle}>Marks{opened === null ? null : <span>{marks.length}</span>}</h3>
        {opened === null || (marks.length === 0 && killedBy === null) ? (
          <p className={css.quiet}>
            {opened === null
              ? 'Not opened yet.'
              : survey?.finished === true
                ? 'Nothing is marked in this recording.'
                : 'Looking for marks.'}
          </p>
        ) : (
          <ol className={css.markList}>
            {marks.map((mark, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the marks of a recording do not move
              <li key={index}>
                <button
                  type="button"
                  className={cx(css.markRow, index === current && css.markNow, isKill(mark) && css.markKilled)}
                  onClick={() => props.onSeek(mark.atMs)}
                >
                  <span className={css.markTime}>{position(mark.atMs)}</span>
                  {isKill(mark) ? <CutIcon size={14} /> : markIcon(mark.kind)}
                  <span className={cx(css.markText, mark.kind === 'input' && css.markTyped)}>{listedWords(mark)}</span>
                </button>
              </li>
            ))}
            {killedBy === null || marks.some(isKill) ? null : (
              <li>
                <button
                  type="button"
                  className={cx(css.markRow, css.markKilled)}
                  onClick={() => props.onSeek(opened.durationMs)}
                >
                  <span className={css.markTime}>{position(opened.durationMs)}</span>
                  <CutIcon size={14} />
                  <span className={css.markText}>Killed by {killedBy}</span>
                </button>
              </li>
            )}
          </ol>
        )}
      </section>
      {recording === null ? null : (
        <section className={css.section}>
          <h3 className={css.sectionTitle}>Details</h3>
          <dl className={cx(css.facts, 'selectable')}>
            <dt>Person</dt>
            <dd>{recording.user.name}</dd>
            <dt>Device</dt>
            <dd>{recording.device.name}</dd>
            <dt>Target</dt>
            <dd>
              {recording.target.name}, <span className={css.mono}>{recording.target.address}</span>
            </dd>
            <dt>Login</dt>
            <dd>
              {recording.login}, {loginWords[recording.credential].by}
            </dd>
            <dt>Connection</dt>
            <dd>{recording.route === 'relay' ? 'Through the relay' : 'Direct, best effort'}</dd>
            <dt>Started</dt>
            <dd>{when(Date.parse(recording.startedAt), Date.now())}</dd>
            <dt>End</dt>
            <dd>{running ? 'Still running' : endReason === null ? 'No end' : endWords(endReason, true)}</dd>
            {killedBy === null ? null : (
              <>
                <dt>Killed by</dt>
                <dd>{killedBy}</dd>
              </>
            )}
            <dt>Stored</dt>
            <dd>
              {counted(recording.segments.length, 'segment')}, {bytes(recording.bytes)}
            </dd>
            <dt>Proof</dt>
            <dd>
              {recordingEvidence(recording).word}
              <p className={css.factMeans}>{recordingEvidence(recording).means}</p>
            </dd>
            {recording.wire === null ? null : (
              <>
                <dt>Wire</dt>
                <dd>{wireWords(recording.wire)}</dd>
              </>
            )}
            <dt>Opened</dt>
            <dd>
              {opened === null
                ? '–'
                : opened.unlocked.length === 0
                  ? 'Nothing'
                  : opened.unlocked.includes('input')
                    ? 'Output and keystrokes'
                    : 'Output only'}
            </dd>
            <dt>Session</dt>
            <dd className={css.mono}>{recording.sessionId}</dd>
          </dl>
        </section>
      )}
    </aside>
  );
}
