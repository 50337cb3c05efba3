import { Button } from '@mantine/core';
import { Flag, Lock, Plus } from 'lucide-react';
import type { Finding, Severity } from '../../../shared/model/review.ts';
import { cx, Keys, LinkButton } from '../../components/primitives.tsx';
import { position, whenInSentence } from '../../services/format.ts';
import { useStore } from '../../services/store.ts';
import { testIds } from '../../test-ids.ts';
import css from './findings.module.css';
import { type OpenReplay, useDerived } from './open-replay.ts';
import type { ReplayActions } from './use-replay-actions.ts';

export const severityWords: Readonly<Record<Severity, string>> = { low: 'Low', medium: 'Medium', high: 'High' };

function Item(props: {
  finding: Finding;
  mayReview: boolean;
  busy: boolean;
  replay: OpenReplay;
  actions: ReplayActions;
}) {
  const { finding, replay, actions } = props;
  const closed = finding.state === 'closed';
  const now = Date.now();
  const by = finding.changed;
  return (
    <li className={cx(css.item, closed && css.closed)} data-testid={testIds.replayFinding} data-state={finding.state}>
      <span className={cx(css.flag, closed ? css.low : css[finding.severity])}>
        <Flag size={14} strokeWidth={1.8} aria-hidden="true" />
      </span>
      <div className={css.body}>
        <button type="button" className={css.title} onClick={() => actions.seek(finding.atMs)}>
          {finding.title}
        </button>
        {finding.note === '' ? null : <p className={cx(css.note, 'selectable')}>{finding.note}</p>}
        <p className={css.by}>
          {severityWords[finding.severity]}. {finding.by.name}, at {position(finding.atMs)}
          {closed ? `. Closed${by === null ? '' : ` by ${by.by.name} ${whenInSentence(Date.parse(by.at), now)}`}` : ''}
          {props.mayReview ? (
            <>
              {'. '}
              <button
                type="button"
                className={css.link}
                disabled={props.busy}
                onClick={() =>
                  void replay.notes.setFindingState(finding.id, closed ? 'open' : 'closed').then(actions.tell)
                }
              >
                {closed ? 'Open again' : 'Close'}
                <span className="visually-hidden"> the finding {finding.title}</span>
              </button>
            </>
          ) : null}
        </p>
      </div>
    </li>
  );
}

/** What reviewers found, worst and open first, and the way to write another. */
export function FindingsPanel(props: { replay: OpenReplay; actions: ReplayActions }) {
  const { replay, actions } = props;
  const { notes, problem, busy } = useStore(replay.notes.state);
  const seconds = useDerived(replay.player.state, (state) => Math.floor(state.positionMs / 1000));
  const mayReview = replay.review?.may.review === true;
  const hold = replay.review?.hold ?? null;
  const worth = (finding: Finding) =>
    (finding.state === 'open' ? 10 : 0) + { low: 1, medium: 2, high: 3 }[finding.severity];
  const findings = [...(notes?.findings ?? [])].sort((a, b) => worth(b) - worth(a) || a.atMs - b.atMs);
  return (
    <section className={css.findings} aria-label="Findings">
      <div className={css.head}>
        <h3 className={css.heading}>Findings</h3>
        {hold === null ? null : (
          <span className={css.hold} title={`${hold.by.name}: ${hold.reason}`}>
            <Lock size={13} strokeWidth={1.7} aria-hidden="true" />
            Legal hold on this recording
          </span>
        )}
      </div>
      {problem !== null && notes === null ? (
        <p className={css.quiet}>
          Bookmarks and findings did not come: {problem.message} {problem.code}{' '}
          <LinkButton onClick={() => void replay.notes.load()}>Try again</LinkButton>
        </p>
      ) : findings.length === 0 ? (
        <p className={css.quiet}>
          {notes === null
            ? 'Asking for findings.'
            : mayReview
              ? 'Nobody has written one down.'
              : 'Nobody has written one down. Your rules let you play this recording; reviewing it is for others.'}
        </p>
      ) : (
        <ul className={css.list}>
          {findings.map((finding) => (
            <Item
              key={finding.id}
              finding={finding}
              mayReview={mayReview}
              busy={busy}
              replay={replay}
              actions={actions}
            />
          ))}
        </ul>
      )}
      {mayReview ? (
        <Button
          fullWidth={true}
          leftSection={<Plus size={14} strokeWidth={1.8} aria-hidden="true" />}
          rightSection={<Keys of="F" />}
          data-testid={testIds.replayAddFinding}
          onClick={actions.finding}
        >
          Add a finding at {position(seconds * 1000)}
        </Button>
      ) : findings.length === 0 ? null : (
        <p className={css.quiet}>Your rules do not let you review this recording.</p>
      )}
    </section>
  );
}
