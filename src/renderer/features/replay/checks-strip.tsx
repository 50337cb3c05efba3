import { Button, Tooltip } from '@mantine/core';
import { Check, LoaderCircle, Shield, X } from 'lucide-react';
import { useState } from 'react';
import { Dialog } from '../../components/dialog.tsx';
import { Badge, cx, LinkButton } from '../../components/primitives.tsx';
import type { EvidenceWords } from '../../services/evidence-words.ts';
import { clock, counted } from '../../services/format.ts';
import { useServices } from '../../services/services.tsx';
import { testIds } from '../../test-ids.ts';
import css from './checks.module.css';
import dialog from './dialogs.module.css';
import type { ReplaySurvey } from './replay-source.ts';

/** Opens, checks and plays a recording with tools that are not ours. */
function commands(sessionId: string): string {
  return [
    'ssh-keygen -Y verify -f allowed_signers -n recording@sallyport \\',
    `  -I ${sessionId} -s manifest.sig < manifest`,
    'sha256sum -c sums        # the digests that the manifest names',
    'age -d -i key 000000.cast.zst.age | zstd -d > session.cast',
    'asciinema play session.cast',
  ].join('\n');
}

function WithoutUs(props: { sessionId: string; opened: boolean; onClose: () => void }) {
  const { app } = useServices();
  const text = commands(props.sessionId);
  return (
    <Dialog opened={props.opened} onClose={props.onClose} size={600} aria-label="Check it without us">
      <div className={dialog.dialog}>
        <h2 className={dialog.title}>Check it without us</h2>
        <p className={dialog.text}>
          The recording is asciicast inside zstd inside age, listed in a signed text manifest. With the files from the
          store, these tools are enough:
        </p>
        <pre className={cx(dialog.commands, 'selectable')}>{text}</pre>
        <div className={dialog.actions}>
          <Button data-autofocus onClick={() => void app.copy(text)}>
            Copy
          </Button>
          <Button variant="subtle" onClick={props.onClose}>
            Close
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

const sentence = (text: string) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;

/** While all of it is read: how far that is, and what was found bad so far. */
function Checking(props: { survey: ReplaySurvey | null }) {
  const { survey } = props;
  const total = survey?.total ?? 0;
  const share = total === 0 ? 0 : (survey?.done ?? 0) / total;
  return (
    <>
      <span className={cx(css.check, css.checking)} role="status">
        <LoaderCircle size={14} strokeWidth={1.7} aria-hidden="true" />
        Checking all of it
        <span className="visually-hidden">; it can be played meanwhile</span>
      </span>
      <span className={css.checkingBar} aria-hidden="true">
        <span style={{ width: `${Math.round(share * 100)}%` }} />
      </span>
      {total === 0 ? null : (
        <span className={css.checkingCount} aria-hidden="true">
          {survey?.done.toLocaleString('en')} of {counted(total, 'part')}
        </span>
      )}
      {survey?.faults.map((fault) => (
        <Fault key={fault} fault={fault} />
      ))}
    </>
  );
}

function Fault(props: { fault: string }) {
  return (
    <span className={cx(css.check, css.checkBad)}>
      <X size={14} strokeWidth={2.2} aria-hidden="true" />
      {sentence(props.fault)}
    </span>
  );
}

/** More than this are named only when they are asked for; one that fails always is. */
const namedAtMost = 6;
/** Every part of a long recording may fail: so many are named before they are asked for, and so many in all. */
const failingAtMost = 3;
const listedAtMost = 60;

function Verdict(props: { survey: ReplaySurvey }) {
  const { checks } = props.survey;
  const [all, setAll] = useState(false);
  const holds = checks.filter((check) => check.ok && check.lacking !== true).length;
  const lacking = checks.filter((check) => check.ok && check.lacking === true).length;
  const few = checks.length <= namedAtMost;
  const failing = checks.filter((check) => !check.ok);
  const named = few || all ? checks.slice(0, listedAtMost) : failing.slice(0, failingAtMost);
  const unnamed = (few || all ? checks : failing).length - named.length;
  return (
    <>
      {holds === 0 ? null : (
        <span className={cx(css.check, few && css.checksAll)}>
          <Check size={14} strokeWidth={1.9} aria-hidden="true" />
          {holds === checks.length ? `All ${holds} checks hold` : `${counted(holds, 'check')} hold`}
          {lacking === 0 ? '' : `, ${lacking} ${lacking === 1 ? 'finds' : 'find'} something missing`}
        </span>
      )}
      {named.map((check) => (
        <Tooltip key={`${check.name} ${check.detail}`} label={check.detail} multiline={true} maw={420}>
          <span className={cx(css.check, check.ok ? css.checkHolds : css.checkBad)}>
            {check.ok ? (
              <Check size={14} strokeWidth={1.9} aria-hidden="true" />
            ) : (
              <X size={14} strokeWidth={2.2} aria-hidden="true" />
            )}
            <span className="visually-hidden">
              {check.ok ? (check.lacking === true ? 'Missing: ' : 'Holds: ') : 'Fails: '}
            </span>
            {sentence(check.name)}
            {check.ok ? <span className="visually-hidden">, {check.detail}</span> : `: ${check.detail}`}
          </span>
        </Tooltip>
      ))}
      {unnamed === 0 ? null : (
        <span className={cx(css.check, css.checkBad)}>and {unnamed.toLocaleString('en')} more</span>
      )}
      {few ? null : <LinkButton onClick={() => setAll(!all)}>{all ? 'Show fewer' : 'Which ones'}</LinkButton>}
    </>
  );
}

/** How far the record can be believed, in words: its level, and every check by name once all of it was read. */
export function ChecksStrip(props: {
  survey: ReplaySurvey | null;
  surveyedAtMs: number | null;
  evidence: EvidenceWords;
  sessionId: string;
}) {
  const { survey, evidence } = props;
  const [asking, setAsking] = useState(false);
  return (
    <div className={css.checks} data-testid={testIds.replayChecks}>
      <Tooltip label={evidence.means} multiline={true} w={320}>
        <Badge tone="outline" icon={<Shield size={13} strokeWidth={1.7} aria-hidden="true" />}>
          {evidence.word}
          <span className="visually-hidden">: {evidence.means}</span>
        </Badge>
      </Tooltip>
      {survey?.finished !== true ? (
        <Checking survey={survey} />
      ) : survey.problem === null ? (
        <Verdict survey={survey} />
      ) : (
        <Fault fault={`Not all of it could be checked: ${survey.problem.message} ${survey.problem.code}`} />
      )}
      <span className={css.checksEnd}>
        {props.surveyedAtMs === null || survey?.problem != null ? null : (
          <span>Checked here {clock(props.surveyedAtMs, true)}</span>
        )}
        <LinkButton onClick={() => setAsking(true)}>Check it without us</LinkButton>
      </span>
      <WithoutUs sessionId={props.sessionId} opened={asking} onClose={() => setAsking(false)} />
    </div>
  );
}
