import { Check, CornerDownLeft, Flag, Lock, Shield, Square } from 'lucide-react';
import type { ReactNode } from 'react';
import type { RecordingView } from '../../../shared/model/recording.ts';
import type { ReviewState } from '../../../shared/model/review.ts';
import type { LocalRecording } from '../../../shared/protocol/ipc.ts';
import { BrokenLinkIcon, CatchingUpIcon, CutIcon, RecordingIcon, StrictIcon } from '../../components/icons/icons.tsx';
import { cx, HatchBlock } from '../../components/primitives.tsx';
import { recordingEvidence } from '../../services/evidence-words.ts';
import { bytes, clock, counted, lastUsed, length } from '../../services/format.ts';
import { testIds } from '../../test-ids.ts';
import { endedItself, endParts, endWords, isRunning } from './end-words.ts';
import type { Row } from './list-rows.ts';
import { localWords, sentShare } from './local-words.ts';
import css from './rows.module.css';

const localIcons: Record<LocalRecording['state'], { icon: ReactNode; tone: string | undefined }> = {
  running: { icon: <RecordingIcon size={14} />, tone: css.kept },
  waiting: { icon: <CatchingUpIcon size={14} />, tone: css.press },
  sending: { icon: <CatchingUpIcon size={14} />, tone: css.press },
  stuck: { icon: <StrictIcon size={14} />, tone: css.strict },
};

function LocalState(props: { local: LocalRecording; storedBytes: number }) {
  const { local } = props;
  const share = sentShare(local, props.storedBytes);
  const { icon, tone } = localIcons[local.state];
  return (
    <span className={cx(css.end, tone)}>
      {icon}
      <span className={css.endWords}>{localWords(local)}</span>
      {share === null ? null : (
        <span
          className={css.progress}
          role="progressbar"
          aria-label="Sent"
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(share * 100)}
        >
          <span style={{ width: `${Math.round(share * 100)}%` }} />
        </span>
      )}
    </span>
  );
}

/** How it ended, and whether the record of it is whole: icon, word, colour. */
function End(props: { recording: RecordingView }) {
  const { recording } = props;
  const part = (tone: string | undefined, icon: ReactNode, words: string, code: string | null = null) => (
    <span className={cx(css.end, tone)}>
      {icon}
      <span className={css.endWords}>{words}</span>
      {code === null ? null : <span className={css.code}>{code}</span>}
    </span>
  );
  if (recording.killedBy !== null) return part(css.ended, <CutIcon size={14} />, `Killed by ${recording.killedBy}`);
  if (recording.state === 'incomplete') return part(css.press, <BrokenLinkIcon size={14} />, 'Incomplete');
  if (isRunning(recording))
    return recording.bytes === 0
      ? part(css.press, <RecordingIcon size={14} />, 'Started, nothing stored yet')
      : part(css.kept, <RecordingIcon size={14} />, 'Recording now');
  const icon =
    recording.state === 'complete' && endedItself(recording.endReason) ? (
      <Check size={14} strokeWidth={1.8} className={css.tick} aria-hidden="true" />
    ) : (
      <Square size={12} strokeWidth={1.8} aria-hidden="true" />
    );
  if (recording.endReason === null) return part(undefined, icon, 'No end');
  const { words, code } = endParts(recording.endReason);
  return part(undefined, icon, words, code);
}

/** Findings, hold and the reviewed tick. */
function Review(props: { review: ReviewState }) {
  const { reviewed, hold, findings } = props.review;
  const all = findings.open + findings.closed;
  return (
    <span className={css.review}>
      {hold === null ? null : (
        <span className={css.mark} title={`Legal hold by ${hold.by.name}: “${hold.reason}”`}>
          <Lock size={13} strokeWidth={1.7} aria-hidden="true" />
          Hold
        </span>
      )}
      {all === 0 ? null : (
        <span
          className={cx(css.mark, findings.open > 0 && css.strict)}
          title={`${counted(findings.open, 'open finding')}, ${findings.closed} closed${findings.worst === null ? '' : `; the worst is ${findings.worst}`}`}
        >
          <Flag size={13} strokeWidth={1.7} aria-hidden="true" />
          {findings.open > 0 ? `${findings.open} open` : 'Closed'}
        </span>
      )}
      {reviewed === null ? null : (
        <span
          className={css.mark}
          title={`Reviewed by ${reviewed.by.name}${reviewed.note === '' ? '' : `: “${reviewed.note}”`}`}
        >
          <Check size={13} strokeWidth={1.9} className={css.tick} aria-hidden="true" />
          <span className={css.reviewed}>Reviewed</span>
        </span>
      )}
    </span>
  );
}

/** What a second line says: why it is incomplete, or why it does not get to the store. Null: the row has one line. Pure. */
export function secondLine(row: Row): { words: string; code: string | null } | null {
  if (row.local !== null && row.local.state !== 'running' && row.local.problem !== null)
    return { words: row.local.problem.message, code: row.local.problem.code };
  const because = row.recording?.because ?? null;
  return because === null || (row.local !== null && row.local.state !== 'running')
    ? null
    : { words: `Incomplete, because ${because}`, code: null };
}

function TargetName(props: { row: Row }) {
  const { recording, local } = props.row;
  const login = recording?.login ?? local?.login ?? '';
  return (
    <span className={css.target}>
      {recording?.target.production === true ? <HatchBlock named={true} /> : null}
      <span className={css.name}>{recording?.target.name ?? local?.targetName}</span>
      {login === '' ? null : <span className={css.loginBeside}>{login}</span>}
    </span>
  );
}

export interface RowProps {
  id: string;
  row: Row;
  selected: boolean;
  now: number;
  /** One's own list has no column for the person; it says the reason instead. */
  mine: boolean;
  /** Under the name of a day the time is enough. */
  underDay: boolean;
  onChoose: () => void;
  onOpen: () => void;
}

/** A session of the list: of the store, of this computer, or of both. */
export function RecordingRow(props: RowProps) {
  const { row, mine } = props;
  const { recording, local } = row;
  const proof = recording === null ? null : recordingEvidence(recording);
  const second = secondLine(row);
  // What waits on this computer is a row of its own kind, whatever the store says of it already.
  const here = local !== null && (recording === null || local.state !== 'running') ? local : null;
  const facts =
    here !== null
      ? { 'data-testid': testIds.localRow, 'data-state': here.state }
      : { 'data-testid': testIds.recordingRow, 'data-state': recording?.state, 'data-evidence': recording?.evidence };
  const started = row.startedAtMs;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the search field keeps the focus and handles the keys
    <div
      id={props.id}
      role="option"
      tabIndex={-1}
      aria-selected={props.selected}
      className={cx(css.row, mine && css.rowMine, second !== null && css.rowTwo, props.selected && css.rowSelected)}
      {...facts}
      data-session-id={row.sessionId}
      onMouseDown={(event) => event.preventDefault()}
      onClick={props.onChoose}
      onDoubleClick={props.onOpen}
    >
      <span className={css.when}>
        {started === null ? '–' : props.underDay ? clock(started) : lastUsed(started, props.now)}
      </span>
      <TargetName row={row} />
      <span className={css.login}>{recording?.login ?? local?.login}</span>
      {mine ? (
        <span className={css.reason} title={recording?.reason ?? undefined}>
          {recording?.reason ?? '–'}
        </span>
      ) : (
        <span className={css.who}>{recording?.user.name ?? 'You'}</span>
      )}
      <span className={css.num} title={recording === null ? undefined : `${bytes(recording.bytes)} stored`}>
        {recording?.durationMs == null ? '–' : length(recording.durationMs)}
      </span>
      {here !== null ? (
        <LocalState local={here} storedBytes={recording?.bytes ?? 0} />
      ) : recording === null ? (
        <span />
      ) : (
        <span
          className={css.endCell}
          title={recording.endReason === null ? undefined : endWords(recording.endReason, true)}
        >
          <End recording={recording} />
        </span>
      )}
      <span className={css.proof} title={proof?.means}>
        {proof === null ? (
          'Not in the store yet'
        ) : (
          <>
            <Shield size={13} strokeWidth={1.7} aria-hidden="true" />
            <span>{proof.word}</span>
          </>
        )}
      </span>
      {mine ? null : recording === null ? <span /> : <Review review={recording.review} />}
      <span className={css.does}>
        {props.selected ? (
          <>
            <CornerDownLeft size={12} strokeWidth={2} aria-hidden="true" />
            <span className={css.doesWord}>Replay</span>
          </>
        ) : null}
      </span>
      {second === null ? null : (
        <span className={css.because}>
          <span title={second.words}>{second.words}</span>
          {second.code === null ? null : <span className={css.code}>{second.code}</span>}
        </span>
      )}
    </div>
  );
}
