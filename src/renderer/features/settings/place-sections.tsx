import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import type { AppState } from '../../../shared/protocol/ipc.ts';
import { type Enrolled, ForgetDevice, keyWords, roleName } from '../../app/person-panel.tsx';
import { clock, counted } from '../../services/format.ts';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import { BacklogRows } from '../backlog/backlog-rows.tsx';
import { backlogWords, spoolWords } from '../backlog/backlog-words.ts';
import css from './settings.module.css';

/** Facts in two columns. */
export function Facts(props: { of: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className={css.facts}>
      {props.of.map(([name, value]) => (
        <div key={name} className={css.fact}>
          <dt>{name}</dt>
          <dd className="selectable">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function connectionWords(connection: AppState['connection']): string {
  switch (connection.state) {
    case 'online':
      return `Since ${clock(connection.sinceMs)}`;
    case 'connecting':
      return 'Connecting';
    case 'offline':
      return `None since ${clock(connection.sinceMs)}. ${connection.problem.message} ${connection.problem.code}`;
  }
}

export function ServerSection(props: { state: AppState; enrolment: Enrolled }) {
  const { app, commands } = useServices();
  const { state, enrolment } = props;
  const { connection } = state;
  const trip = connection.state === 'online' ? connection.roundTripMs : null;
  return (
    <>
      <Facts
        of={[
          [
            'Address',
            <span key="address" className="mono">
              {enrolment.address.replace(/^https:\/\//, '')}
            </span>,
          ],
          ['Organisation', enrolment.me?.organisation ?? 'Not known yet'],
          ['Contact', connectionWords(connection)],
          ['There and back', trip === null ? 'Not measured' : `${Math.max(1, Math.round(trip))} ms`],
          [
            'Trust',
            'The server’s own root, pinned when this device was enrolled. Whoever shows another one is refused, whatever their certificate says.',
          ],
          ['Launcher', `Sallyport ${state.version}`],
        ]}
      />
      <div className={css.actions}>
        {connection.state === 'online' ? null : <Button onClick={() => app.retry()}>Try now</Button>}
        <Button onClick={() => commands.run('about.open')}>Versions and licences</Button>
      </div>
    </>
  );
}

export function DeviceSection(props: { state: AppState; enrolment: Enrolled }) {
  const { recordings } = useServices();
  const { local } = useStore(recordings.state);
  const { me, deviceKey } = props.enrolment;
  const spool = me?.policy.spool ?? null;
  const waiting = backlogWords(props.state, local);
  const keeps =
    spool === null || spool.keepStoredHours === 0
      ? 'What is stored centrally is deleted here at once.'
      : `What is stored centrally stays here for ${counted(spool.keepStoredHours, 'hour')} more.`;
  return (
    <>
      <Facts
        of={[
          ['Device', me?.device?.name ?? 'Not known yet'],
          [
            'Enrolled for',
            me === null ? 'Not known yet' : `${me.user.name}, ${me.user.roles.map(roleName).join(', ')}`,
          ],
          ['Device key', keyWords[deviceKey]],
          ['Room for recordings', `${spoolWords(local, spool?.quotaBytes ?? null)} taken. ${keeps}`],
        ]}
      />
      <h3 className={css.heading}>{waiting.title}</h3>
      <p className={css.text}>{waiting.text}</p>
      {local.length === 0 ? null : (
        <div className={css.inset}>
          <BacklogRows local={local} offline={props.state.connection.state === 'offline'} />
        </div>
      )}
      <h3 className={css.heading}>Leave</h3>
      <p className={css.text}>
        The device key is deleted. Recordings that are not sent yet stay here, encrypted, and go when this device is
        enrolled again.
      </p>
      <div className={css.actions}>
        <ForgetDevice inView />
      </div>
    </>
  );
}
