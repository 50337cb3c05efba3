import { Tooltip } from '@mantine/core';
import { Shield } from 'lucide-react';
import type { Connection, SessionView } from '../../../shared/protocol/ipc.ts';
import { cx } from '../../components/primitives.tsx';
import { toneText } from '../../components/tone.ts';
import { runningEvidence } from '../../services/evidence-words.ts';
import { clock } from '../../services/format.ts';
import { useStore } from '../../services/store.ts';
import type { SessionTerminal } from '../../terminal/session-terminal.ts';
import { testIds } from '../../test-ids.ts';
import { recordFacts } from './record-facts.ts';
import css from './session-foot.module.css';
import { StateIcon } from './state-icon.tsx';
import { neverOpened, stateWords } from './words.ts';

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
      <span className={css.footFacts}>
        {neverOpened(view)
          ? ''
          : recordFacts(view, facts.record, {
              now: props.now,
              connection: props.connection,
              stoppedAtMs: stopped?.atMs ?? null,
            })}
      </span>
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
