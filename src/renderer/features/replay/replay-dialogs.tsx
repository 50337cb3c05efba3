import { Button, SegmentedControl, Textarea, TextInput } from '@mantine/core';
import { CornerDownLeft } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { assertNever, type Problem } from '../../../shared/errors/result.ts';
import { type Severity, severitySchema } from '../../../shared/model/review.ts';
import { Dialog } from '../../components/dialog.tsx';
import { clock, position, whenInSentence } from '../../services/format.ts';
import { useStore } from '../../services/store.ts';
import { testIds } from '../../test-ids.ts';
import css from './dialogs.module.css';
import { severityWords } from './findings-panel.tsx';
import { parseGoTo } from './go-to.ts';
import { change, type OpenReplay, type ReplayDialog } from './open-replay.ts';
import { makeSending } from './sending.ts';
import type { ReplayActions } from './use-replay-actions.ts';

interface FormProps {
  replay: OpenReplay;
  actions: ReplayActions;
  onClose: () => void;
}

function Form(props: {
  title: string;
  action: string;
  testId: string;
  /** Does it. What it asked the server for is awaited: the form closes when that is kept, else it says why not and stays as it is. */
  onSubmit: () => Promise<Problem | null> | undefined;
  onProblem?: (problem: Problem) => void;
  onClose: () => void;
  children: ReactNode;
}) {
  const form = useRef<HTMLFormElement>(null);
  const [sending] = useState(makeSending);
  const { busy, problem } = useStore(sending.state);
  const submit = async () => {
    const answer = await sending.send(props.onSubmit);
    if (answer === 'kept' && form.current !== null) props.onClose();
    // Put away meanwhile, it cannot say it itself.
    else if (answer !== null && answer !== 'kept' && form.current === null) props.onProblem?.(answer);
  };
  // At once, not when the dialog has faded in: what is typed after the key belongs here.
  useEffect(() => form.current?.querySelector<HTMLElement>('[data-autofocus]')?.focus(), []);
  return (
    <form
      ref={form}
      className={css.dialog}
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <h2 className={css.title}>{props.title}</h2>
      {props.children}
      {problem === null ? null : (
        <p role="alert" className={css.problem} data-testid={testIds.replayFormProblem}>
          {problem.message} {problem.code}
        </p>
      )}
      <div className={css.actions}>
        <Button
          type="submit"
          variant="filled"
          disabled={busy}
          data-testid={props.testId}
          rightSection={<CornerDownLeft size={12} strokeWidth={2} aria-hidden="true" />}
        >
          {props.action}
        </Button>
        <Button variant="subtle" onClick={props.onClose}>
          Cancel
        </Button>
      </div>
    </form>
  );
}

function GoToForm(props: FormProps & { atMs: number }) {
  const { replay } = props;
  const [text, setText] = useState('');
  const [why, setWhy] = useState<string | null>(null);
  const go = () => {
    const to = parseGoTo(text, {
      positionMs: props.atMs,
      durationMs: replay.opened.durationMs,
      startedAtMs: replay.startedAtMs,
    });
    if (!to.ok) {
      setWhy(to.why);
      return undefined;
    }
    props.onClose();
    props.actions.seek(to.ms);
    return undefined;
  };
  const wall =
    replay.startedAtMs === null ? '' : `, ${clock(replay.startedAtMs + props.atMs, true)} for the time of day`;
  return (
    <Form title="Go to" action="Go" testId={testIds.replayGoToConfirm} onSubmit={go} onClose={props.onClose}>
      <TextInput
        label="Time"
        description={`16:20 from its start, +30 or -30 seconds from here${wall}`}
        placeholder={position(props.atMs)}
        value={text}
        error={why}
        data-autofocus={true}
        data-testid={testIds.replayGoToTime}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setWhy(null);
        }}
      />
    </Form>
  );
}

function BookmarkForm(props: FormProps & { atMs: number }) {
  const { replay, actions } = props;
  const [text, setText] = useState('');
  return (
    <Form
      title={`Bookmark ${position(props.atMs)}`}
      action="Bookmark"
      testId={testIds.replayBookmarkConfirm}
      onSubmit={() => replay.notes.addBookmark(props.atMs, text.trim())}
      onProblem={actions.tell}
      onClose={props.onClose}
    >
      <TextInput
        label="What is here"
        description="Others who may open this recording see it, the person whose session it was does not. It may stay empty."
        maxLength={200}
        value={text}
        data-autofocus={true}
        data-testid={testIds.replayBookmarkText}
        onChange={(event) => setText(event.currentTarget.value)}
      />
    </Form>
  );
}

function FindingForm(props: FormProps & { atMs: number }) {
  const { replay, actions } = props;
  const [title, setTitle] = useState('');
  const [note, setNote] = useState('');
  const [severity, setSeverity] = useState<Severity>('medium');
  const [missed, setMissed] = useState(false);
  const ready = title.trim() !== '';
  const add = () => {
    if (!ready) {
      setMissed(true);
      return undefined;
    }
    return replay.notes.addFinding({ atMs: props.atMs, title: title.trim(), note, severity });
  };
  return (
    <Form
      title={`Finding at ${position(props.atMs)}`}
      action="Add the finding"
      testId={testIds.replayFindingConfirm}
      onSubmit={add}
      onProblem={actions.tell}
      onClose={props.onClose}
    >
      <TextInput
        label="What was found"
        maxLength={120}
        value={title}
        error={missed && !ready ? 'Say in a few words what was found.' : null}
        data-autofocus={true}
        data-testid={testIds.replayFindingTitle}
        onChange={(event) => setTitle(event.currentTarget.value)}
      />
      <Textarea
        label="Note"
        description="Others who may open this recording see it, the person whose session it was does not."
        maxLength={2000}
        rows={3}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
      <div>
        <p className={css.label} id="finding-severity">
          Severity
        </p>
        <SegmentedControl
          aria-labelledby="finding-severity"
          data={severitySchema.options.map((each) => ({ value: each, label: severityWords[each] }))}
          value={severity}
          onChange={(value) => setSeverity(severitySchema.parse(value))}
        />
      </div>
    </Form>
  );
}

function UnreviewForm(props: FormProps) {
  const { replay, actions } = props;
  const reviewed = replay.review?.reviewed ?? null;
  return (
    <Form
      title="Take the review back?"
      action="Take it back"
      testId={testIds.replayUnreviewConfirm}
      onSubmit={() => replay.notes.setReviewed(false)}
      onProblem={actions.tell}
      onClose={props.onClose}
    >
      <p className={css.text}>
        {reviewed === null
          ? 'It is not marked as reviewed.'
          : `${reviewed.by.name} marked it as reviewed ${whenInSentence(Date.parse(reviewed.at), Date.now())}. That it was taken back is kept in the audit.`}
      </p>
    </Form>
  );
}

function HoldForm(props: FormProps) {
  const { replay, actions } = props;
  const hold = replay.review?.hold ?? null;
  const [reason, setReason] = useState('');
  const [missed, setMissed] = useState(false);
  const ready = reason.trim() !== '';
  return (
    <Form
      title={hold === null ? 'Put it under legal hold?' : 'Lift the legal hold?'}
      action={hold === null ? 'Hold it' : 'Lift the hold'}
      testId={testIds.replayHoldConfirm}
      onSubmit={() => {
        if (!ready) {
          setMissed(true);
          return undefined;
        }
        return replay.notes.setHold(hold === null, reason.trim());
      }}
      onProblem={actions.tell}
      onClose={props.onClose}
    >
      <p className={css.text}>
        {hold === null
          ? 'While it is held nothing of this recording is deleted, its wire included, whatever the time limits say.'
          : `${hold.by.name} holds it since ${whenInSentence(Date.parse(hold.at), Date.now())}: “${hold.reason}”. Once lifted, the usual time limits apply again.`}
      </p>
      <TextInput
        label="Reason"
        description="Kept in the audit with your name. Others who may open this recording see it, the person whose session it was does not."
        maxLength={500}
        value={reason}
        error={missed && !ready ? 'Write the reason: it is not done without one.' : null}
        data-autofocus={true}
        data-testid={testIds.replayHoldReason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
    </Form>
  );
}

const names: Readonly<Record<ReplayDialog['kind'], string>> = {
  'go-to': 'Go to',
  bookmark: 'Bookmark',
  finding: 'Finding',
  unreview: 'Take the review back',
  hold: 'Legal hold',
};

function formOf(dialog: ReplayDialog, props: FormProps): ReactNode {
  switch (dialog.kind) {
    case 'go-to':
      return <GoToForm {...props} atMs={dialog.atMs} />;
    case 'bookmark':
      return <BookmarkForm {...props} atMs={dialog.atMs} />;
    case 'finding':
      return <FindingForm {...props} atMs={dialog.atMs} />;
    case 'unreview':
      return <UnreviewForm {...props} />;
    case 'hold':
      return <HoldForm {...props} />;
    default:
      return assertNever(dialog);
  }
}

/** The dialog that is open, if one is. */
export function ReplayDialogs(props: { replay: OpenReplay; actions: ReplayActions }) {
  const { replay, actions } = props;
  const { dialog } = useStore(replay.ui);
  const close = () => change(replay.ui, { dialog: null });
  return (
    <Dialog
      opened={dialog !== null}
      onClose={close}
      size={dialog?.kind === 'finding' ? 520 : 460}
      // Gone at once: the next key means the replay again.
      transitionProps={{ transition: 'fade', duration: 90, exitDuration: 0 }}
      aria-label={dialog === null ? 'Replay' : names[dialog.kind]}
    >
      {dialog === null ? null : formOf(dialog, { replay, actions, onClose: close })}
    </Dialog>
  );
}
