import { Tooltip } from '@mantine/core';
import { Shield } from 'lucide-react';
import type { Connection, SessionView } from '../../../shared/protocol/ipc.ts';
import { cx } from '../../components/primitives.tsx';
import { toneText } from '../../components/tone.ts';
import { runningEvidence } from '../../services/evidence-words.ts';
import { ago, bytes, clock, length } from '../../services/format.ts';
import { useStore } from '../../services/store.ts';
import type { SessionTerminal } from '../../terminal/session-terminal.ts';
import { testIds } from '../../test-ids.ts';
import css from './session-foot.module.css';
import { StateIcon } from './state-icon.tsx';
import { neverOpened, stateWords } from './words.ts';

/** What is known about the record at this moment, in words. The port is fresher than main about what is on this disk. */
function recordFacts(
  view: SessionView,
  port: { writtenBytes: number; syncedAtMs: number } | null,
  now: number,
): string {
  const { record } = view;
  const written = Math.max(record.writtenBytes, port?.writtenBytes ?? 0);
  const synced = Math.max(record.syncedAtMs ?? 0, port?.syncedAtMs ?? 0);
  const stored =
    record.storedBytes > 0
      ? `${bytes(record.storedBytes)} stored${record.storedAtMs === null ? '' : ` ${ago(now - record.storedAtMs)}`}`
      : 'the server has confirmed none of it yet';
  if (view.state.state === 'ended') {
    const lasted =
      view.openedAtMs !== null && view.endedAtMs !== null ? `Lasted ${length(view.endedAtMs - view.openedAtMs)}` : '';
    const end = record.complete
      ? `${bytes(record.storedBytes)}, signed end, all of it stored`
      : written > 0
        ? `${bytes(written)} written here, ${stored}`
        : '';
    return [lasted, end].filter(Boolean).join(' · ');
  }
  if (written === 0) return '';
  return [`${bytes(written)} written here${synced > 0 ? ` ${ago(now - synced)}` : ''}`, stored].join(', ');
}

export function SessionFoot(props: {
  view: SessionView;
  terminal: SessionTerminal;
  connection: Connection['state'];
  now: number;
}) {
  const { view } = props;
  const facts = useStore(props.terminal.facts);
  const { stopped } = facts;
  const words = stateWords(view, props.connection, props.now, stopped?.atMs ?? null);
  const evidence = runningEvidence(facts.evidence?.level ?? 'recorder-only', facts.evidence?.anchors ?? 0);
  return (
    <div className={css.paneFoot} data-testid={testIds.paneFoot}>
      <span className={cx(css.footState, toneText(words.tone))}>
        <StateIcon
          words={words.name === 'lease-low' || words.name === 'no-contact' ? { ...words, name: 'recording' } : words}
          size={14}
        />
        {words.word}
      </span>
      <span className={css.footFacts}>{neverOpened(view) ? '' : recordFacts(view, facts.record, props.now)}</span>
      {neverOpened(view) ? null : (
        <Tooltip label={evidence.means} multiline={true} w={320} events={{ hover: true, focus: true, touch: true }}>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what it means is said on focus as well */}
          <span className={css.footEnd} tabIndex={0} data-testid={testIds.evidence}>
            <Shield size={14} strokeWidth={1.6} aria-hidden="true" />
            {evidence.word}
            {stopped === null ? '' : `, up to ${clock(stopped.atMs)}`}
            <span className="visually-hidden">. {evidence.means}</span>
          </span>
        </Tooltip>
      )}
    </div>
  );
}
