import type { ReactNode } from 'react';
import type { LocalRecording } from '../../../shared/protocol/ipc.ts';
import { BrokenLinkIcon, CatchingUpIcon, RecordingIcon, StrictIcon } from '../../components/icons/icons.tsx';
import { cx } from '../../components/primitives.tsx';
import { bytes, counted } from '../../services/format.ts';
import { testIds } from '../../test-ids.ts';
import css from './recordings.module.css';

const words: Record<LocalRecording['state'], { icon: ReactNode; text: string; className: string | undefined }> = {
  running: { icon: <RecordingIcon size={14} />, text: 'Recording now', className: css.kept },
  waiting: { icon: <CatchingUpIcon size={14} />, text: 'Waiting to be sent', className: css.press },
  sending: { icon: <CatchingUpIcon size={14} />, text: 'Sending', className: css.press },
  stuck: { icon: <StrictIcon size={14} />, text: 'Stuck', className: css.strict },
};

/** What is on this computer and not in the central store yet. */
export function LocalRows(props: { local: readonly LocalRecording[] }) {
  const waiting = props.local.filter((item) => item.state !== 'running');
  if (waiting.length === 0) return null;
  const size = waiting.reduce((sum, item) => sum + item.bytes, 0);
  return (
    <section className={css.local} aria-label="Waiting to be sent">
      <div className={css.localHead}>
        <BrokenLinkIcon size={14} />
        {counted(waiting.length, 'recording')}, {bytes(size)} to send
        <span>Kept on this computer, encrypted, until the store has confirmed them.</span>
      </div>
      {waiting.map((item) => (
        <div
          key={item.sessionId}
          className={css.localRow}
          data-testid={testIds.localRow}
          data-session-id={item.sessionId}
          data-state={item.state}
        >
          <span className={words[item.state].className}>{words[item.state].icon}</span>
          <b>{item.targetName}</b>
          <span className={css.dim}>{bytes(item.bytes)}</span>
          <span className={cx(item.problem === null && css.dim)}>
            {words[item.state].text}
            {item.problem === null ? null : (
              <>
                : {item.problem.message} <span className={css.code}>{item.problem.code}</span>
              </>
            )}
          </span>
        </div>
      ))}
    </section>
  );
}
