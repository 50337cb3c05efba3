import { Ban, Check, CornerDownLeft, KeyRound, Lock, MessageSquare, Star, Ticket, UserCheck } from 'lucide-react';
import type { ReactNode } from 'react';
import type { TargetView } from '../../../shared/model/target.ts';
import { BrokenArchIcon, BrokenLinkIcon, CutIcon, RecordingIcon } from '../../components/icons/icons.tsx';
import { Chip, cx, HatchBlock } from '../../components/primitives.tsx';
import { type Cover, coverName, coversNeeds, defaultLogin } from '../../services/connect-service.ts';
import { clock, lastUsed, shortAddress, whenInSentence } from '../../services/format.ts';
import { reachesEndpoint } from '../../services/login-words.ts';
import { testIds } from '../../test-ids.ts';
import type { Hit } from './search.ts';
import css from './target-row.module.css';

/** The name with its matched letters marked. */
function MarkedName(props: { name: string; marks: Hit['marks'] }) {
  const parts: ReactNode[] = [];
  let at = 0;
  for (const [from, to] of props.marks) {
    parts.push(props.name.slice(at, from), <mark key={from}>{props.name.slice(from, to)}</mark>);
    at = to;
  }
  parts.push(props.name.slice(at));
  return <>{parts}</>;
}

function Labels(props: { target: TargetView }) {
  const { target } = props;
  const labels = Object.entries(target.labels).filter(([, value]) => !(target.production && value === 'production'));
  return (
    <div className={css.labels}>
      {target.production ? (
        <span className={css.labelProduction}>
          <HatchBlock />
          production
        </span>
      ) : null}
      {labels.map(([key, value]) => (
        <Chip key={key} title={`${key}: ${value}`}>
          {value}
        </Chip>
      ))}
    </div>
  );
}

/** What connecting asks for, each with icon and word; nothing left to ask is a quiet tick, which only an open way gets. */
function Needs(props: { target: TargetView; cover: Cover | null; now: number }) {
  const { needs, route, lock, unreachable, logins } = props.target;
  if (logins.length === 0 || lock !== null) {
    return (
      <div className={css.needs}>
        <span className={css.need}>
          {logins.length === 0 ? (
            <Ban size={13} strokeWidth={1.6} aria-hidden="true" />
          ) : (
            <Lock size={13} strokeWidth={1.6} aria-hidden="true" />
          )}
          {logins.length === 0 ? 'No login for you here' : 'Locked'}
        </span>
      </div>
    );
  }
  const covered = coversNeeds(needs, props.cover, props.now);
  return (
    <div className={css.needs}>
      {defaultLogin(props.target)?.credential === 'sealed-password' ? (
        <span className={css.reaches} title={`${reachesEndpoint.mark}. ${reachesEndpoint.why}`}>
          <KeyRound size={13} strokeWidth={1.6} aria-hidden="true" />
          {reachesEndpoint.short}
        </span>
      ) : null}
      {needs.length === 0 && unreachable !== null ? <span className={css.quiet}>Unreachable</span> : null}
      {needs.length === 0 && unreachable === null ? (
        <span className={cx(css.need, css.quiet)}>
          <Check size={14} strokeWidth={1.8} className={css.tick} aria-hidden="true" />
          Nothing more
        </span>
      ) : null}
      {needs.includes('approval') ? (
        <span className={css.need}>
          <UserCheck size={13} strokeWidth={1.6} aria-hidden="true" />
          Approval
        </span>
      ) : null}
      {covered && props.cover !== null ? (
        <span className={css.need} title={`${props.cover.ticket ?? ''} ${props.cover.reason ?? ''}`.trim()}>
          <Check size={14} strokeWidth={1.8} className={css.tick} aria-hidden="true" />
          Covered by {coverName(props.cover)}
        </span>
      ) : null}
      {needs.includes('reason') && !covered ? (
        <span className={css.need}>
          <MessageSquare size={13} strokeWidth={1.6} aria-hidden="true" />
          Reason
        </span>
      ) : null}
      {needs.includes('ticket') && !covered ? (
        <span className={css.need}>
          <Ticket size={14} strokeWidth={1.6} aria-hidden="true" />
          Ticket
        </span>
      ) : null}
      {route === 'direct' ? (
        <span className={css.bestEffort} title="Direct connection: the relay cannot cut it, so a kill is best effort">
          <BrokenArchIcon size={14} />
          Best effort
        </span>
      ) : null}
    </div>
  );
}

/** What to tell the owner of a target that cannot be reached; empty where it can. */
export function unreachableText(target: TargetView, now: number): string {
  if (target.unreachable === null) return '';
  const { since, message, code } = target.unreachable;
  return `${target.name} (${target.address}) is unreachable since ${whenInSentence(Date.parse(since), now)}. ${message} ${code}`;
}

function SecondLine(props: { target: TargetView; now: number; onCopy: (text: string) => void }) {
  const { target, now } = props;
  if (target.lock !== null) {
    const { lock } = target;
    return (
      <div className={css.second}>
        <span className={css.ended}>
          <CutIcon size={14} />
        </span>
        <b className={css.ended}>Locked for you</b>
        <span className={css.secondText}>
          by {lock.by}, {whenInSentence(Date.parse(lock.at), now)}: “{lock.reason}”
        </span>
        <span className={css.secondCode}>SP-2003</span>
      </div>
    );
  }
  if (target.unreachable === null) return null;
  const { since, message, code } = target.unreachable;
  const text = unreachableText(target, now);
  return (
    <div className={css.second}>
      <span className={css.press}>
        <BrokenLinkIcon size={14} />
      </span>
      <b className={css.press}>Unreachable since {clock(Date.parse(since))}.</b>
      <span className={css.secondText} title={message}>
        {message}
      </span>
      <span className={css.secondCode}>{code}</span>
      {/* By keyboard the same is a button of the details: an option of a list cannot hold one. */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: see above */}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: see above */}
      <span
        className={cx(css.secondAction, css.act)}
        onClick={(event) => {
          event.stopPropagation();
          props.onCopy(text);
        }}
      >
        {target.owner === null ? 'Copy for the owner' : `Copy for ${target.owner}`}
      </span>
    </div>
  );
}

/** True when the row takes two lines. */
export function hasSecondLine(target: TargetView): boolean {
  return target.lock !== null || target.unreachable !== null;
}

export function TargetRow(props: {
  id: string;
  hit: Hit;
  selected: boolean;
  now: number;
  running: number;
  favourite: boolean;
  cover: Cover | null;
  onChoose: () => void;
  onConnect: () => void;
  onFavourite: () => void;
  onCopy: (text: string) => void;
}) {
  const { target, marks } = props.hit;
  const two = hasSecondLine(target);
  const login = defaultLogin(target);
  const offered = props.selected && target.lock === null && login !== undefined;
  return (
    // Keys are handled by the search field, which keeps the focus and points here with aria-activedescendant.
    // biome-ignore lint/a11y/useKeyWithClickEvents: see above
    <div
      id={props.id}
      role="option"
      tabIndex={-1}
      aria-selected={props.selected}
      className={cx(css.row, two && css.rowTwo, props.selected && css.rowSelected)}
      data-testid={testIds.targetRow}
      data-target-name={target.name}
      data-target-id={target.id}
      onMouseDown={(event) => event.preventDefault()}
      onClick={props.onChoose}
      onDoubleClick={props.onConnect}
    >
      {props.running > 0 ? (
        <span className={css.gutter} role="img" aria-label="Session running">
          <RecordingIcon size={15} />
        </span>
      ) : (
        // By keyboard Ctrl D does the same.
        // biome-ignore lint/a11y/useKeyWithClickEvents: see above
        // biome-ignore lint/a11y/noStaticElementInteractions: see above
        <span
          className={cx(css.starMark, !props.favourite && css.starGhost)}
          title={props.favourite ? 'Remove from favourites' : 'Add to favourites'}
          onClick={(event) => {
            event.stopPropagation();
            props.onFavourite();
          }}
        >
          <Star size={13} strokeWidth={1.7} fill={props.favourite ? 'currentColor' : 'none'} aria-hidden="true" />
          {props.favourite ? <span className="visually-hidden">Favourite</span> : null}
        </span>
      )}
      <div className={cx(css.name, two && css.nameQuiet)} title={target.name}>
        <MarkedName name={target.name} marks={marks} />
      </div>
      <div className={css.address} title={target.address}>
        {shortAddress(target.address)}
      </div>
      <Labels target={target} />
      <div className={css.logins}>
        {login?.name ?? '–'}
        {target.logins.length > 1 ? <span className={css.more}>+{target.logins.length - 1}</span> : null}
      </div>
      <Needs target={target} cover={props.cover} now={props.now} />
      <div className={cx(css.last, offered && css.lastAct)}>
        {offered ? (
          <>
            <CornerDownLeft size={12} strokeWidth={2} aria-hidden="true" />
            {target.unreachable === null ? 'Connect' : 'Try'}
          </>
        ) : target.lastUsedAt === null ? (
          '–'
        ) : (
          lastUsed(Date.parse(target.lastUsedAt), props.now)
        )}
      </div>
      {two ? <SecondLine target={target} now={props.now} onCopy={props.onCopy} /> : null}
    </div>
  );
}
