import { Button } from '@mantine/core';
import { Check, CornerDownLeft, Globe, Lock, TriangleAlert } from 'lucide-react';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { type Problem, toProblem } from '../../../shared/errors/result.ts';
import { decodeInvite, normaliseCode } from '../../../shared/protocol/invite.ts';
import type { Backlog } from '../../../shared/protocol/ipc.ts';
import { WindowButtons } from '../../app/title-bar.tsx';
import { LogoIcon } from '../../components/icons/icons.tsx';
import { cx } from '../../components/primitives.tsx';
import { titleOf } from '../../errors/words.ts';
import { bytes, counted } from '../../services/format.ts';
import { useServices } from '../../services/services.tsx';
import { testIds } from '../../test-ids.ts';
import { CodeField } from './code-field.tsx';
import { Door } from './door.tsx';
import css from './first-run.module.css';

interface Managed {
  address: string;
  organisation: string | null;
}

const bare = (address: string) => address.replace(/^https:\/\//, '');

/** The server that an invite names, or why it is none. Null while nothing is there. */
function readInvite(text: string): { server: string } | { problem: Problem } | null {
  if (text.trim() === '') return null;
  try {
    return { server: bare(decodeInvite(text).address) };
  } catch (error) {
    return { problem: toProblem(error) };
  }
}

function ProblemBox(props: { problem: Problem }) {
  return (
    <div className={css.problem} role="alert" data-testid={testIds.firstRunProblem} data-code={props.problem.code}>
      <TriangleAlert size={15} strokeWidth={1.8} aria-hidden="true" />
      <div className="selectable">
        <b>{titleOf(props.problem.code)}</b>
        {props.problem.message} <span className={css.problemCode}>{props.problem.code}</span>
      </div>
    </div>
  );
}

function InviteField(props: { value: string; bad: boolean; onChange: (text: string) => void; onEnter: () => void }) {
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus(), []);
  return (
    <textarea
      id="invite"
      ref={field}
      className={cx(css.invite, props.bad && css.inviteBad)}
      value={props.value}
      placeholder="sallyport-…"
      spellCheck={false}
      autoComplete="off"
      maxLength={4096}
      aria-describedby="invite-help"
      aria-invalid={props.bad}
      data-testid={testIds.firstRunInvite}
      onChange={(event) => props.onChange(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' || event.shiftKey) return;
        event.preventDefault();
        props.onEnter();
      }}
    />
  );
}

/** What is asked before anything else: the invite. `backlog`: what an earlier membership left here to be sent. */
export function FirstRun(props: {
  version: string;
  managed: Managed | null;
  problem: Problem | null;
  backlog: Backlog;
}) {
  const { app } = useServices();
  const { managed } = props;
  const [text, setText] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(props.problem);
  useEffect(() => setProblem(props.problem), [props.problem]);

  const invite = managed === null ? readInvite(text) : null;
  const change = (next: string) => {
    setText(next);
    setProblem(null);
  };
  const submit = async (event?: FormEvent) => {
    event?.preventDefault();
    if (busy || text.trim() === '') return;
    if (invite !== null && 'problem' in invite) {
      setProblem(invite.problem);
      return;
    }
    if (managed !== null && normaliseCode(text) === null) {
      setProblem({
        code: 'SP-1001',
        message: 'The code has eight letters and digits. Compare it with the message and enter it again.',
      });
      return;
    }
    setBusy(true);
    setProblem(await app.enrol(text.trim()));
    setBusy(false);
  };

  return (
    <main className={css.page}>
      <div className={css.art}>
        <Door />
        <div className={css.plate}>
          <LogoIcon size={20} />
          Sallyport
        </div>
      </div>
      <div className={css.side}>
        <div className={css.drag} />
        <div className={css.buttons}>
          <WindowButtons />
        </div>
        <form className={css.form} onSubmit={(event) => void submit(event)}>
          <h1 className={css.title}>
            {managed === null ? 'Join with your invite' : `Sign in to ${managed.organisation ?? bare(managed.address)}`}
          </h1>
          <p className={css.lead}>Your invite links this computer to you. It works once.</p>
          {managed === null ? (
            <>
              <label className={css.label} htmlFor="invite">
                Invite
              </label>
              <InviteField value={text} bad={problem !== null} onChange={change} onEnter={() => void submit()} />
              <p id="invite-help" className={css.help} aria-live="polite">
                {invite !== null && 'server' in invite ? (
                  <span className={css.found}>
                    <Check size={14} strokeWidth={1.8} aria-hidden="true" />
                    For the server {invite.server}. It proves itself before anything is sent.
                  </span>
                ) : (
                  'One long word from the message that you got. Paste all of it.'
                )}
              </p>
            </>
          ) : (
            <>
              <span className={css.label}>Server</span>
              <div className={css.server}>
                <Globe size={15} strokeWidth={1.6} aria-hidden="true" />
                <div>
                  <b>{bare(managed.address)}</b>
                  Set by your organisation’s device policy.
                </div>
                <Lock size={14} strokeWidth={1.6} aria-label="Cannot be changed here" />
              </div>
              <label className={css.label} htmlFor="code">
                Invite code
              </label>
              <CodeField id="code" value={text} bad={problem !== null} describedBy="code-help" onChange={change} />
              <p id="code-help" className={css.help}>
                8 letters and digits, from the message that you got. Pasting works.
              </p>
            </>
          )}
          <Button
            type="submit"
            variant="filled"
            size="lg"
            className={css.submit ?? ''}
            disabled={busy || text.trim() === ''}
            data-testid={testIds.firstRunContinue}
            rightSection={<CornerDownLeft size={13} strokeWidth={2} aria-hidden="true" />}
          >
            {busy ? 'Asking the server' : 'Continue'}
          </Button>
          {problem === null ? null : <ProblemBox problem={problem} />}
          {props.backlog.recordings === 0 ? null : (
            <p className={css.after} data-testid={testIds.firstRunBacklog}>
              {counted(props.backlog.recordings, 'recording')}, {bytes(props.backlog.bytes)}, not sent yet: kept on this
              computer, sent when you join again.
            </p>
          )}
          <p className={css.after}>No invite? Whoever runs Sallyport in your organisation can send you one.</p>
          <section className={css.next}>
            <h2 className={css.nextTitle}>What happens next</h2>
            <ol className={css.steps}>
              <li>
                <span className={css.number}>1</span>
                <span>
                  <b>The server proves who it is</b>
                  Its certificate must be the one that your invite names.
                </span>
              </li>
              <li>
                <span className={css.number}>2</span>
                <span>
                  <b>This computer gets a key of its own</b>
                  Kept by the system keyring where there is one. It opens nothing without the server.
                </span>
              </li>
              <li>
                <span className={css.number}>3</span>
                <span>
                  <b>You see the targets you may reach</b>
                  What you do in a session is recorded, and you can replay it.
                </span>
              </li>
            </ol>
          </section>
        </form>
        <div className={css.foot}>Sallyport {props.version}</div>
      </div>
    </main>
  );
}
