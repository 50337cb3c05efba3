import { Button } from '@mantine/core';
import { Ban, Check, ChevronRight, CornerDownLeft, Lock, MessageSquare, Star, Ticket, UserCheck } from 'lucide-react';
import type { TargetView } from '../../../shared/model/target.ts';
import { EndpointBadge } from '../../components/endpoint-badge.tsx';
import { BrokenArchIcon, BrokenLinkIcon } from '../../components/icons/icons.tsx';
import { Badge, Chip, cx, LinkButton, ProductionBadge } from '../../components/primitives.tsx';
import { type Cover, coverName, coversNeeds, defaultLogin } from '../../services/connect-service.ts';
import { length, shortFingerprint, when, whenInSentence } from '../../services/format.ts';
import { loginWords } from '../../services/login-words.ts';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import { testIds } from '../../test-ids.ts';
import css from './target-panel.module.css';
import { unreachableText } from './target-row.tsx';

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

function Needs(props: { target: TargetView; cover: Cover | null; now: number }) {
  const { needs, grantedBy, hostKeyFingerprints, lock } = props.target;
  const covered = coversNeeds(needs, props.cover, props.now);
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
      {covered && props.cover !== null ? (
        <p className={css.check}>
          <Check size={14} strokeWidth={1.8} className={css.tick} aria-hidden="true" />
          <span className={css.checkBody}>
            {props.cover.reason === null
              ? 'The ticket'
              : props.cover.ticket === null
                ? 'The reason'
                : 'Reason and ticket'}{' '}
            from <b>{coverName(props.cover)}</b>
            {props.cover.reason === null || props.cover.ticket === null ? null : `: “${props.cover.reason}”`}
          </span>
        </p>
      ) : null}
      {needs.includes('reason') && !covered ? (
        <p className={css.check}>
          <MessageSquare size={14} strokeWidth={1.6} aria-hidden="true" />
          <span className={css.checkBody}>A reason, kept with the recording</span>
        </p>
      ) : null}
      {needs.includes('ticket') && !covered ? (
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
  favourite: boolean;
  cover: Cover | null;
  onFavourite: () => void;
  onCopy: (text: string) => void;
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
          <button
            type="button"
            className={cx(css.star, props.favourite && css.starOn)}
            aria-pressed={props.favourite}
            aria-label="Favourite"
            title={props.favourite ? 'Remove from favourites (Ctrl D)' : 'Add to favourites (Ctrl D)'}
            onClick={props.onFavourite}
          >
            <Star size={16} strokeWidth={1.6} fill={props.favourite ? 'currentColor' : 'none'} aria-hidden="true" />
          </button>
        </div>
        <h2 className={cx(css.panelTitle, 'selectable')}>{target.name}</h2>
        <p className={cx(css.panelText, 'selectable')}>{summaryOf(target)}</p>
        {Object.keys(target.labels).length === 0 ? null : (
          <p className={cx(css.panelLabels, 'selectable')}>
            {Object.entries(target.labels).map(([key, value]) => (
              <Chip key={key}>
                {key}: {value}
              </Chip>
            ))}
          </p>
        )}
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
              {target.unreachable.message} You can try all the same. {target.unreachable.code}{' '}
              <LinkButton onClick={() => props.onCopy(unreachableText(target, now))}>
                {target.owner === null ? 'Copy for the owner' : `Copy for ${target.owner}`}
              </LinkButton>
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
          <Needs target={target} cover={props.cover} now={now} />
          <During target={target} />
        </>
      )}
      <MySessions targetId={target.id} userId={props.userId} now={now} />
    </aside>
  );
}
