import type { RecordingView } from '../../../shared/model/recording.ts';
import { cx } from '../../components/primitives.tsx';
import { recordingEvidence, wireWords } from '../../services/evidence-words.ts';
import { bytes, counted, when } from '../../services/format.ts';
import { loginWords } from '../../services/login-words.ts';
import { endWords, isRunning } from '../recordings/end-words.ts';
import css from './details.module.css';
import type { ReplayOpened } from './replay-source.ts';

/** What is open of it, in words. */
function openWords(opened: ReplayOpened): string {
  const { unlocked } = opened;
  if (unlocked.length === 0) return 'Nothing';
  return unlocked.includes('input') ? 'Output and keystrokes' : 'Output only';
}

/** Facts of the recording. */
export function Details(props: { recording: RecordingView | null; opened: ReplayOpened | null }) {
  const { recording, opened } = props;
  if (recording === null) return <p className={css.quiet}>What the store knows of this recording has not come.</p>;
  const endReason = recording.endReason ?? opened?.endReason ?? null;
  const running = isRunning(recording);
  const { killedBy } = recording;
  const { reviewed, hold } = recording.review;
  return (
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
      <dd>{opened === null ? 'Not yet' : openWords(opened)}</dd>
      <dt>Reviewed</dt>
      <dd>{reviewed === null ? 'Not yet' : `By ${reviewed.by.name}, ${when(Date.parse(reviewed.at), Date.now())}`}</dd>
      <dt>Legal hold</dt>
      <dd>{hold === null ? 'None' : `By ${hold.by.name}, ${when(Date.parse(hold.at), Date.now())}: ${hold.reason}`}</dd>
      <dt>Session</dt>
      <dd className={css.mono}>{recording.sessionId}</dd>
    </dl>
  );
}
