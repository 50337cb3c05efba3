import { Check, Shield } from 'lucide-react';
import type { ReactNode } from 'react';
import type { RecordingView } from '../../../shared/model/recording.ts';
import { BrokenLinkIcon, CutIcon, RecordingIcon } from '../../components/icons/icons.tsx';
import { cx, HatchBlock } from '../../components/primitives.tsx';
import { recordingEvidence } from '../../services/evidence-words.ts';
import { bytes, length, when } from '../../services/format.ts';
import { testIds } from '../../test-ids.ts';
import { endWords, isRunning } from './end-words.ts';
import css from './recordings.module.css';

/** State of a recording in the central store: icon, word, colour. */
function stateOf(recording: RecordingView): ReactNode {
  switch (recording.state) {
    case 'complete':
      return (
        <span className={css.state}>
          <Check size={14} strokeWidth={1.8} className={css.tick} aria-hidden="true" />
          Complete
        </span>
      );
    case 'receiving':
      return (
        <span className={cx(css.state, css.kept)}>
          <RecordingIcon size={14} />
          Receiving
        </span>
      );
    case 'started':
      return (
        <span className={cx(css.state, css.press)}>
          <RecordingIcon size={14} />
          Started
        </span>
      );
    case 'incomplete':
      return (
        <span className={cx(css.state, css.press)}>
          <BrokenLinkIcon size={14} />
          Incomplete
        </span>
      );
  }
}

function endOf(recording: RecordingView): ReactNode {
  if (recording.killedBy !== null) {
    return (
      <span className={css.killed}>
        <CutIcon size={14} />
        <span>Killed by {recording.killedBy}</span>
      </span>
    );
  }
  if (recording.endReason !== null) return endWords(recording.endReason);
  return isRunning(recording) ? 'Still running' : 'No end';
}

export function RecordingRow(props: {
  id: string;
  recording: RecordingView;
  selected: boolean;
  now: number;
  onChoose: () => void;
  onOpen: () => void;
}) {
  const { recording } = props;
  const proof = recordingEvidence(recording);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the filter field keeps the focus and handles the keys
    <div
      id={props.id}
      role="option"
      tabIndex={-1}
      aria-selected={props.selected}
      className={cx(css.row, props.selected && css.rowSelected)}
      data-testid={testIds.recordingRow}
      data-session-id={recording.sessionId}
      data-state={recording.state}
      data-evidence={recording.evidence}
      onMouseDown={(event) => event.preventDefault()}
      onClick={props.onChoose}
      onDoubleClick={props.onOpen}
    >
      <span className={css.when}>{when(Date.parse(recording.startedAt), props.now)}</span>
      <span className={css.target}>
        {recording.target.production ? <HatchBlock named={true} /> : null}
        <span>{recording.target.name}</span>
      </span>
      <span className={css.login}>{recording.login}</span>
      <span className={css.who}>{recording.user.name}</span>
      <span className={css.num}>{recording.durationMs === null ? '–' : length(recording.durationMs)}</span>
      <span className={css.num}>{bytes(recording.bytes)}</span>
      <span className={css.end} title={recording.endReason === null ? undefined : endWords(recording.endReason, true)}>
        {endOf(recording)}
      </span>
      <span className={css.proof} title={proof.means}>
        <Shield size={13} strokeWidth={1.7} aria-hidden="true" />
        <span>{proof.word}</span>
      </span>
      {stateOf(recording)}
      {recording.because === null ? null : <span className={css.because}>Incomplete, because {recording.because}</span>}
    </div>
  );
}
