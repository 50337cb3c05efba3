import { Button } from '@mantine/core';
import { useState } from 'react';
import type { Problem } from '../../shared/errors/result.ts';
import type { AppState } from '../../shared/protocol/ipc.ts';
import { useServices } from '../services/services.tsx';
import { testIds } from '../test-ids.ts';
import css from './shell.module.css';

export type Enrolled = Extract<AppState['enrolment'], { state: 'enrolled' }>;

/** Where the device key lies, as it is said. */
export const keyWords: Record<Enrolled['deviceKey'], string> = {
  keyring: 'In the system keyring',
  file: 'In a file that only you can read, as your organisation allows',
  memory: 'In memory only: this computer has no keyring, so the device is forgotten when you quit',
};

const roleWords: Readonly<Record<string, string>> = {
  operator: 'Operator',
  vendor: 'Vendor',
  approver: 'Approver',
  'help-desk': 'Help desk',
  analyst: 'Security analyst',
  auditor: 'Auditor',
  engineer: 'Platform engineer',
};

/** A role as it is said. */
export function roleName(role: string): string {
  return roleWords[role] ?? role;
}

/** Takes this device out of the organisation, after one question. */
export function ForgetDevice(props: { inView: boolean }) {
  const { app } = useServices();
  const [asking, setAsking] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const forget = async () => setProblem(await app.forgetDevice());
  if (!asking) {
    return (
      <Button variant={props.inView ? 'default' : 'subtle'} ml={props.inView ? 0 : -12} onClick={() => setAsking(true)}>
        Forget this device…
      </Button>
    );
  }
  return (
    <>
      <p className={css.popText}>Running sessions end, their records are kept. To come back you need a new invite.</p>
      <div className={css.dialogActions}>
        <Button data-testid={testIds.forgetDevice} onClick={() => void forget()}>
          Forget this device
        </Button>
        <Button variant="subtle" onClick={() => setAsking(false)}>
          Keep it
        </Button>
      </div>
      {problem === null ? null : (
        <p className={css.popText} role="alert">
          {problem.message} {problem.code}
        </p>
      )}
    </>
  );
}

export function PersonPanel(props: { enrolment: Enrolled }) {
  const { me, address, deviceKey } = props.enrolment;
  return (
    <div className={css.pop}>
      <h2 className={css.popTitle}>{me?.user.name ?? 'Signed in'}</h2>
      <p className={css.popText}>
        {me === null
          ? 'The server has not said yet who you are.'
          : `${me.user.roles.map(roleName).join(', ')} at ${me.organisation}`}
      </p>
      <hr className={css.popRule} />
      <dl className={css.facts}>
        <dt>Server</dt>
        <dd className="selectable">{address.replace(/^https:\/\//, '')}</dd>
        <dt>Device</dt>
        <dd className="selectable">{me?.device?.name ?? 'Not known yet'}</dd>
        <dt>Device key</dt>
        <dd>{keyWords[deviceKey]}</dd>
        <dt>Clipboard</dt>
        <dd>
          {me === null ? 'Not known yet' : me.policy.clipboard === 'allowed' ? 'Allowed' : 'Off, by your organisation'}
        </dd>
      </dl>
      <hr className={css.popRule} />
      <ForgetDevice inView={false} />
    </div>
  );
}
