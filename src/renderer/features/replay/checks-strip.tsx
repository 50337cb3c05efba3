import { Button, Modal, Tooltip } from '@mantine/core';
import { Check, Shield, X } from 'lucide-react';
import { useState } from 'react';
import type { EvidenceLevel } from '../../../shared/model/session.ts';
import { Badge, cx, LinkButton } from '../../components/primitives.tsx';
import { clock, counted } from '../../services/format.ts';
import { useServices } from '../../services/services.tsx';
import { testIds } from '../../test-ids.ts';
import css from './replay.module.css';
import type { ReplayOpened } from './replay-source.ts';

const levels: Record<EvidenceLevel, { word: string; means: string }> = {
  'anchored-with-wire': {
    word: 'Anchored with wire',
    means: 'The target’s host key and the kept wire stand behind this record.',
  },
  anchored: { word: 'Anchored', means: 'The target’s host key stands behind this record.' },
  'wire-only': { word: 'Wire only', means: 'The kept wire stands behind this record; the target’s host key does not.' },
  'recorder-only': {
    word: 'Recorder only',
    means: 'The recorder’s own word, signed. Neither the target’s host key nor a kept wire stands behind it.',
  },
};

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
    <Modal opened={props.opened} onClose={props.onClose} size={600} aria-label="Check it without us">
      <div className={css.dialog}>
        <h2 className={css.dialogTitle}>Check it without us</h2>
        <p className={css.dialogText}>
          The recording is asciicast inside zstd inside age, listed in a signed text manifest. With the files from the
          store, these tools are enough:
        </p>
        <pre className={cx(css.commands, 'selectable')}>{text}</pre>
        <div className={css.dialogActions}>
          <Button data-autofocus onClick={() => void app.copy(text)}>
            Copy
          </Button>
          <Button variant="subtle" onClick={props.onClose}>
            Close
          </Button>
        </div>
      </div>
    </Modal>
  );
}

const sentence = (text: string) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;

/** How far the record can be believed, in words, with every check by name. */
export function ChecksStrip(props: {
  opened: ReplayOpened;
  openedAtMs: number | null;
  evidence: EvidenceLevel;
  sessionId: string;
}) {
  const [asking, setAsking] = useState(false);
  const level = levels[props.evidence];
  const holds = props.opened.checks.filter((check) => check.ok).length;
  return (
    <div className={css.checks} data-testid={testIds.replayChecks}>
      <Badge tone="outline" icon={<Shield size={13} strokeWidth={1.7} aria-hidden="true" />} title={level.means}>
        {level.word}
      </Badge>
      {props.opened.checks.map((check) => (
        <Tooltip key={check.name} label={check.detail}>
          <span className={cx(css.check, check.ok ? css.checkHolds : css.checkBad)}>
            {check.ok ? (
              <Check size={14} strokeWidth={1.9} aria-hidden="true" />
            ) : (
              <X size={14} strokeWidth={2.2} aria-hidden="true" />
            )}
            <span className="visually-hidden">{check.ok ? 'Holds: ' : 'Fails: '}</span>
            {sentence(check.name)}
            {check.ok ? '' : `: ${check.detail}`}
          </span>
        </Tooltip>
      ))}
      {holds === 0 ? null : (
        <span className={cx(css.check, css.checksAll)}>
          <Check size={14} strokeWidth={1.9} aria-hidden="true" />
          {holds === props.opened.checks.length ? `All ${holds} checks hold` : `${counted(holds, 'check')} hold`}
        </span>
      )}
      <span className={css.checksEnd}>
        {props.openedAtMs === null ? null : <span>Checked here {clock(props.openedAtMs, true)}</span>}
        <LinkButton onClick={() => setAsking(true)}>Check it without us</LinkButton>
      </span>
      <WithoutUs sessionId={props.sessionId} opened={asking} onClose={() => setAsking(false)} />
    </div>
  );
}
