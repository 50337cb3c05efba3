import { Button } from '@mantine/core';
import type { Problem } from '../../../shared/errors/result.ts';
import type { RecordingView } from '../../../shared/model/recording.ts';
import { StrictIcon } from '../../components/icons/icons.tsx';
import { ErrorCard } from '../../components/primitives.tsx';
import { detailsOf, titleOf } from '../../errors/words.ts';
import { useServices } from '../../services/services.tsx';
import { testIds } from '../../test-ids.ts';
import { useDerived } from './open-replay.ts';
import type { ReplayPlayer } from './replay-player.ts';
import type { SourceState } from './replay-source.ts';
import css from './view.module.css';

const progressWords = {
  fetching: 'Fetching from the central store',
  verifying: 'Checking signatures and digests',
  decrypting: 'Decrypting',
} as const;

/** Where we are is not shown, and why: what is on the screen is older. */
export function Fault(props: { player: ReplayPlayer }) {
  const fault = useDerived(props.player.state, (state) => state.fault);
  if (fault === null) return null;
  return (
    <p className={css.fault} role="status" data-testid={testIds.replayFault}>
      <StrictIcon size={14} />
      {fault.slice(0, 1).toUpperCase() + fault.slice(1)}
    </p>
  );
}

/** Over the screen until there is something on it: how far it is, or why it does not come. */
export function Cover(props: {
  state: SourceState;
  recording: RecordingView | null;
  problem: Problem | null;
  onRetry: () => void;
}) {
  const { app } = useServices();
  const { progress } = props.state;
  if (props.problem !== null) {
    const { problem } = props;
    const title = titleOf(problem.code);
    return (
      <div className={css.cover}>
        <div>
          <ErrorCard
            title={title}
            problem={problem}
            testId={testIds.replayProblem}
            onCopy={() => void app.copy(detailsOf(title, problem))}
            action={<Button onClick={props.onRetry}>Try again</Button>}
          />
          {problem.code === 'SP-3031' ? (
            <p className={css.whom}>
              {props.recording?.mayUnlock.length === 0
                ? 'No rule lets you open this recording. Whoever writes the access rules can give you the right to open its output; the facts beside this are yours to see.'
                : 'Ask whoever writes the access rules.'}
            </p>
          ) : null}
        </div>
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
