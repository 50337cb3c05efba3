import type { ReactNode } from 'react';
import type { LocalRecording } from '../../../shared/protocol/ipc.ts';
import { CatchingUpIcon, RecordingIcon, StrictIcon } from '../../components/icons/icons.tsx';
import { cx } from '../../components/primitives.tsx';
import { toneText } from '../../components/tone.ts';
import { bytes, whenInSentence } from '../../services/format.ts';
import { useNow } from '../../services/now.ts';
import { testIds } from '../../test-ids.ts';
import css from './backlog.module.css';
import { stateOf } from './backlog-words.ts';

const icons: Record<LocalRecording['state'], ReactNode> = {
  running: <RecordingIcon size={15} />,
  waiting: <CatchingUpIcon size={15} />,
  sending: <CatchingUpIcon size={15} />,
  stuck: <StrictIcon size={15} />,
};

/** Recordings of which something is still on this device, each with its state and why. */
export function BacklogRows(props: { local: readonly LocalRecording[]; offline: boolean }) {
  const now = useNow(30_000);
  return (
    <ul className={css.rows}>
      {props.local.map((item) => {
        const { word, why, tone } = stateOf(item, props.offline);
        return (
          <li
            key={item.sessionId}
            className={css.row}
            data-testid={testIds.backlogRow}
            data-session-id={item.sessionId}
            data-state={item.state}
          >
            <span className={cx(css.icon, toneText(tone))}>{icons[item.state]}</span>
            <span className={css.what}>
              <b>{item.targetName}</b> as {item.login}
              {item.startedAtMs === null ? null : (
                <span className={css.dim}>, {whenInSentence(item.startedAtMs, now)}</span>
              )}
            </span>
            <span className={css.size}>{bytes(item.bytes)}</span>
            <span className={cx(css.state, toneText(tone))}>{word}</span>
            {why === '' ? null : <span className={cx(css.why, 'selectable')}>{why}</span>}
          </li>
        );
      })}
    </ul>
  );
}
