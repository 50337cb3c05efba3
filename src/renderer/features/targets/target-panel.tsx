import { Button } from '@mantine/core';
import { Ban, Check, ChevronRight, CornerDownLeft, Lock, MessageSquare, Ticket, UserCheck } from 'lucide-react';
import type { TargetView } from '../../../shared/model/target.ts';
import { EndpointBadge } from '../../components/endpoint-badge.tsx';
import { BrokenArchIcon, BrokenLinkIcon } from '../../components/icons/icons.tsx';
import { Badge, cx, ProductionBadge } from '../../components/primitives.tsx';
import { length, shortFingerprint, when, whenInSentence } from '../../services/format.ts';
import { loginWords } from '../../services/login-words.ts';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import { testIds } from '../../test-ids.ts';
import { defaultLogin } from './search.ts';
import css from './targets.module.css';

function summaryOf(target: TargetView): string {
  const text = target.description === '' ? target.address : target.description;
  if (target.owner === null) return text;
  return `${text}${/[.!?]$/.test(text) ? '' : '.'} Owner: ${target.owner}.`;
}

function Logins(props: { target: TargetView; onConnect: (login: string) => void }) {
  const locked = props.target.lock !== null;
  return (
    <section className={css.section} aria-label="Logins">
      <h3 className={css.sectionTitle}>Logins</h3>
      {props.target.logins.map((login) => (
        <button
          key={login.name}
          type="button"
          className={css.loginRow}
          disabled={locked}
          title={locked ? undefined : `Connect as ${login.name}`}
          onClick={() => props.onConnect(login.name)}
        >
          <span className={css.loginMark}>
            {login.isDefault ? <ChevronRight size={12} aria-hidden="true" /> : null}
          </span>
          <b>{login.name}</b>
          {login.isDefault ? <span className={css.quiet}>default</span> : null}
          <span className={cx(css.loginKind, login.credential === 'sealed-password' && css.loginRisk)}>
            {loginWords[login.credential].kind}
          </span>
        </button>
      ))}
    </section>
  );
}

function Needs(props: { target: TargetView }) {
  const { needs, grantedBy, hostKeyFingerprints, lock } = props.target;
  return (
    <section className={css.section}>
      <h3 className={css.sectionTitle}>Connecting needs</h3>
      {lock === null ? null : (
        <p className={css.check}>
          <Lock size={14} strokeWidth={1.6} aria-hidden="true" />
          <span className={css.checkBody}>An analyst to lift the lock first</span>
        </p>
      )}
      {needs.includes('approval') ? (
        <p className={css.check}>
          <UserCheck size={14} strokeWidth={1.6} aria-hidden="true" />
          <span className={css.checkBody}>An approval, for a time: ask whoever runs Sallyport for you</span>
        </p>
      ) : null}
      {needs.includes('reason') ? (
        <p className={css.check}>
          <MessageSquare size={14} strokeWidth={1.6} aria-hidden="true" />
          <span className={css.checkBody}>A reason, kept with the recording</span>
        </p>
      ) : null}
      {needs.includes('ticket') ? (
        <p className={css.check}>
          <Ticket size={14} strokeWidth={1.6} aria-hidden="true" />
          <span className={css.checkBody}>A ticket</span>
        </p>
      ) : null}
      {grantedBy.length > 0 && lock === null && !needs.includes('approval') ? (
        <p className={css.check}>
          <Check size={14} strokeWidth={1.8} className={css.tick} aria-hidden="true" />
          <span className={css.checkBody}>
            Access rule <b>{grantedBy.join(', ')}</b> lets you in
          </span>
        </p>
      ) : null}
      {hostKeyFingerprints.length > 0 ? (
        <p className={css.check}>
          <Check size={14} strokeWidth={1.8} className={css.tick} aria-hidden="true" />
          <span className={cx(css.checkBody, 'selectable')}>
            Host key known, any other stops the connection
            {hostKeyFingerprints.map((fingerprint) => (
              <span key={fingerprint} className={css.fingerprint} title={fingerprint}>
                {shortFingerprint(fingerprint)}
              </span>
            ))}
          </span>
        </p>
      ) : null}
    </section>
  );
}

function During(props: { target: TargetView }) {
  return (
    <section className={css.section}>
      <h3 className={css.sectionTitle}>During the session</h3>
      <p className={css.paragraph}>
        Recorded in full, both directions, before it is shown. Port forwarding is off.{' '}
        {props.target.route === 'relay' ? (
          <>
            It runs through the <b>relay</b>, which can cut it at any moment.
          </>
        ) : (
          <>
            The connection is <b>direct</b>: the relay cannot cut it, so a kill is best effort.
          </>
        )}
      </p>
    </section>
  );
}

function MySessions(props: { targetId: string; userId: string | null; now: number }) {
  const { recordings } = useServices();
  const list = useStore(recordings.state).recordings ?? [];
  const mine = list
    .filter((recording) => recording.target.id === props.targetId && recording.user.id === props.userId)
    .sort((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt))
    .slice(0, 3);
  if (mine.length === 0) return null;
  return (
    <section className={css.section}>
      <h3 className={css.sectionTitle}>Your last sessions here</h3>
      <div className={css.mine}>
        {mine.flatMap((recording) => [
          <span key={`${recording.sessionId} when`}>{when(Date.parse(recording.startedAt), props.now)}</span>,
          <span key={`${recording.sessionId} login`}>{recording.login}</span>,
          <span key={`${recording.sessionId} long`}>
            {recording.durationMs === null ? 'running' : length(recording.durationMs)}
          </span>,
        ])}
      </div>
    </section>
  );
}

/** What is true about the chosen target, and the one button. */
export function TargetPanel(props: {
  target: TargetView | null;
  userId: string | null;
  now: number;
  open: boolean;
  busy: boolean;
  onConnect: (login: string | null) => void;
}) {
  const { target, now } = props;
  const className = cx(css.panel, props.open && css.panelOpen);
  if (target === null) {
    return (
      <aside className={className} aria-label="Details">
        <p className={css.panelEmpty}>Choose a target to see what connecting to it needs.</p>
      </aside>
    );
  }
  const login = defaultLogin(target);
  return (
    <aside className={className} aria-label={`Details of ${target.name}`} data-testid={testIds.targetPanel}>
      <section className={css.section}>
        <div className={css.panelTop}>
          {target.production ? <ProductionBadge /> : null}
          {target.route === 'direct' ? (
            <Badge tone="outline" icon={<BrokenArchIcon size={14} />}>
              Direct, best effort
            </Badge>
          ) : null}
          {login?.credential === 'sealed-password' ? <EndpointBadge /> : null}
        </div>
        <h2 className={cx(css.panelTitle, 'selectable')}>{target.name}</h2>
        <p className={cx(css.panelText, 'selectable')}>{summaryOf(target)}</p>
        {target.lock === null ? null : (
          <div className={css.lockBox}>
            <Lock size={14} strokeWidth={1.6} aria-hidden="true" />
            <span className="selectable">
              Locked for you by {target.lock.by}, {whenInSentence(Date.parse(target.lock.at), now)}: “
              {target.lock.reason}”. It stays so until an analyst lifts the lock.
            </span>
          </div>
        )}
        {target.unreachable === null || target.lock !== null ? null : (
          <p className={css.check}>
            <span className={css.press}>
              <BrokenLinkIcon size={14} />
            </span>
            <span className={css.checkBody}>
              {target.unreachable.message} You can try all the same. {target.unreachable.code}
            </span>
          </p>
        )}
        {login !== undefined ? null : (
          <p className={css.check}>
            <Ban size={14} strokeWidth={1.6} aria-hidden="true" />
            <span className={css.checkBody}>
              <b>No login for you here.</b> You may see this target, but no access rule gives you a login on it. Ask{' '}
              {target.owner ?? 'whoever runs Sallyport for you'} if you need one.
            </span>
          </p>
        )}
        <Button
          variant="filled"
          className={css.connectButton ?? ''}
          disabled={target.lock !== null || login === undefined || props.busy}
          rightSection={
            target.lock !== null || login === undefined ? null : (
              <CornerDownLeft size={12} strokeWidth={2} aria-hidden="true" />
            )
          }
          data-testid={testIds.targetConnect}
          onClick={() => props.onConnect(null)}
        >
          {target.lock !== null ? 'Locked' : login === undefined ? 'No login for you here' : `Connect as ${login.name}`}
        </Button>
      </section>
      {login === undefined ? null : (
        <>
          <Logins target={target} onConnect={props.onConnect} />
          <Needs target={target} />
          <During target={target} />
        </>
      )}
      <MySessions targetId={target.id} userId={props.userId} now={now} />
    </aside>
  );
}
