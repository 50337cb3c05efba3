import { Button, Menu, Tooltip } from '@mantine/core';
import { ArrowLeft, Bookmark, Check, Laptop, Lock, Server, Upload } from 'lucide-react';
import type { RecordingView } from '../../../shared/model/recording.ts';
import { CutIcon } from '../../components/icons/icons.tsx';
import { cx, IconButton, ProductionBadge } from '../../components/primitives.tsx';
import { clock, day, length, whenInSentence } from '../../services/format.ts';
import { useStore } from '../../services/store.ts';
import { testIds } from '../../test-ids.ts';
import { endWords, isRunning } from '../recordings/end-words.ts';
import css from './head.module.css';
import { change, type OpenReplay } from './open-replay.ts';
import type { ReplayActions } from './use-replay-actions.ts';

const icon = { size: 15, strokeWidth: 1.7, 'aria-hidden': true } as const;

/** What is done with the whole recording. What the person may not do is not there; the findings say why. */
function Actions(props: { replay: OpenReplay; actions: ReplayActions }) {
  const { replay, actions } = props;
  const { exportMenu } = useStore(replay.ui);
  const { exporting } = useStore(replay.source.state);
  const { busy } = useStore(replay.notes.state);
  const reviewed = replay.review?.reviewed ?? null;
  const hold = replay.review?.hold ?? null;
  const may = replay.review?.may ?? { review: false, hold: false };
  return (
    <div className={css.actions}>
      {may.review ? (
        <Button
          className={css.action ?? ''}
          aria-label="Bookmark"
          title="Bookmark this moment (B)"
          data-testid={testIds.replayBookmark}
          leftSection={<Bookmark {...icon} />}
          onClick={actions.bookmark}
        >
          Bookmark
        </Button>
      ) : null}
      <Menu
        opened={exportMenu}
        onChange={(opened) => change(replay.ui, { exportMenu: opened })}
        position="bottom-end"
        width={330}
      >
        <Menu.Target>
          <Button
            className={css.action ?? ''}
            aria-label="Export"
            title="Export a copy (E)"
            data-testid={testIds.replayExport}
            data-exporting={exporting !== null}
            leftSection={<Upload {...icon} />}
            disabled={exporting !== null}
          >
            {exporting === null ? 'Export' : `Writing ${Math.round(exporting * 100)} %`}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>A copy leaves the store: that is written to the audit</Menu.Label>
          <Menu.Item data-testid={testIds.replayExportCast} onClick={() => void actions.exportCopy('asciicast')}>
            <span className={css.menuName}>Recording, asciicast</span>
            <span className={css.menuWhat}>Plays in any asciinema player</span>
          </Menu.Item>
          <Menu.Item data-testid={testIds.replayExportText} onClick={() => void actions.exportCopy('transcript')}>
            <span className={css.menuName}>Transcript, text</span>
            <span className={css.menuWhat}>Commands and output with times</span>
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {may.review ? (
        <Tooltip
          label={
            reviewed === null
              ? 'Say that you have looked at all of it (R)'
              : `Reviewed by ${reviewed.by.name}, ${whenInSentence(Date.parse(reviewed.at), Date.now())}. Press to take that back (R)`
          }
        >
          <Button
            className={cx(css.action, reviewed !== null && css.actionOn)}
            aria-label={reviewed === null ? 'Mark reviewed' : 'Reviewed'}
            aria-pressed={reviewed !== null}
            data-testid={testIds.replayReviewed}
            leftSection={<Check {...icon} />}
            disabled={busy}
            onClick={actions.review}
          >
            {reviewed === null ? 'Mark reviewed' : 'Reviewed'}
          </Button>
        </Tooltip>
      ) : null}
      {may.hold ? (
        <Button
          className={cx(css.action, hold !== null && css.actionOn)}
          aria-label={hold === null ? 'Legal hold' : 'On legal hold'}
          title={hold === null ? 'Keep it from being deleted' : `Held by ${hold.by.name}: ${hold.reason}`}
          data-testid={testIds.replayHold}
          leftSection={<Lock {...icon} />}
          onClick={actions.hold}
        >
          {hold === null ? 'Legal hold' : 'On legal hold'}
        </Button>
      ) : null}
    </div>
  );
}

/** How it ended, in a few words; a kill is said apart. */
function ended(recording: RecordingView): string | null {
  if (isRunning(recording)) return 'Still running';
  if (recording.killedBy !== null) return null;
  return recording.endReason === null
    ? 'No end is recorded'
    : `Ended: ${endWords(recording.endReason).replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase())}`;
}

function Facts(props: { recording: RecordingView; replay: OpenReplay | null; local: boolean }) {
  const { recording, replay } = props;
  const now = Date.now();
  const started = Date.parse(recording.startedAt);
  const reviewed = replay?.review?.reviewed ?? null;
  const hold = replay?.review?.hold ?? null;
  const end = ended(recording);
  return (
    <div className={css.meta}>
      <span className="selectable">
        {day(started, now)}, {clock(started, true)}
        {recording.endedAt === null ? '' : ` to ${clock(Date.parse(recording.endedAt), true)}`}
        {recording.durationMs === null ? '' : `, ${length(recording.durationMs)}`}.
        {recording.reason === null ? '' : ` “${recording.reason}”.`}
      </span>
      {end === null ? (
        <span className={css.endedBy}>
          <CutIcon size={14} />
          Ended by a kill
        </span>
      ) : (
        <span>{end}</span>
      )}
      {reviewed === null ? null : (
        <span className={css.reviewed} data-testid={testIds.replayReviewedBy}>
          <Check size={13} strokeWidth={2} aria-hidden="true" />
          Reviewed by {reviewed.by.name}, {whenInSentence(Date.parse(reviewed.at), now)}
        </span>
      )}
      {hold === null ? null : (
        <Tooltip label={`By ${hold.by.name}, ${whenInSentence(Date.parse(hold.at), now)}: ${hold.reason}`}>
          <span className={css.fact}>
            <Lock size={12} strokeWidth={1.8} aria-hidden="true" />
            Legal hold by {hold.by.name}
            <span className="visually-hidden">: {hold.reason}</span>
          </span>
        </Tooltip>
      )}
      <span className={css.fact} data-testid={testIds.replayFrom}>
        {props.local ? (
          <Laptop size={13} strokeWidth={1.6} aria-hidden="true" />
        ) : (
          <Server size={12} strokeWidth={1.6} aria-hidden="true" />
        )}
        Playing from {props.local ? 'this device' : 'the central store'}
      </span>
    </div>
  );
}

/** Whose session it is, where and when, how it ended, what has become of it, and what can be done with it. */
export function ReplayHead(props: {
  recording: RecordingView | null;
  replay: OpenReplay | null;
  actions: ReplayActions | null;
  local: boolean;
  onBack: () => void;
}) {
  const { recording, replay, actions } = props;
  return (
    <header className={css.head}>
      <IconButton label="Back to where I came from (Esc)" testId={testIds.replayBack} onClick={props.onBack}>
        <ArrowLeft size={17} strokeWidth={1.6} aria-hidden="true" />
      </IconButton>
      {recording === null ? (
        <div className={css.body}>
          <h2 className={css.name}>Recording</h2>
        </div>
      ) : (
        <div className={css.body}>
          <div className={css.line}>
            {recording.target.production ? <ProductionBadge /> : null}
            <h2 className={css.name}>{recording.target.name}</h2>
            <span className={css.by}>
              {recording.login} by <b>{recording.user.name}</b>
            </span>
          </div>
        </div>
      )}
      {replay === null || actions === null ? null : <Actions replay={replay} actions={actions} />}
      {recording === null ? null : <Facts recording={recording} replay={replay} local={props.local} />}
    </header>
  );
}

/** What became of the last thing that was done. It stays until the next one, or until it is put away. */
export function Said(props: { replay: OpenReplay }) {
  const { said } = useStore(props.replay.ui);
  return (
    <div role="status">
      {said === null ? null : (
        <p className={cx(css.said, said.failed && css.saidFailed)} data-testid={testIds.replaySaid}>
          <span className="selectable">{said.text}</span>
          <button type="button" className={css.saidAway} onClick={() => change(props.replay.ui, { said: null })}>
            Dismiss
          </button>
        </p>
      )}
    </div>
  );
}
