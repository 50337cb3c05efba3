import { Button } from '@mantine/core';
import { Copy, Lock, Play } from 'lucide-react';
import type { SessionView } from '../../../shared/protocol/ipc.ts';
import { roleName } from '../../app/person-panel.tsx';
import { CutIcon } from '../../components/icons/icons.tsx';
import { ArchMark, cx, PersonArch } from '../../components/primitives.tsx';
import { bytes, clock, exactClock, longDay } from '../../services/format.ts';
import { testIds } from '../../test-ids.ts';
import css from './kill-banner.module.css';

/** Who killed a session, why and when; from the order where it is known, else from the end reason. Null for any other end. */
export function killOf(view: SessionView): { by: string; role: string; reason: string; atMs: number } | null {
  if (view.kill !== null) {
    return {
      by: view.kill.by,
      role: view.kill.byRole,
      reason: view.kill.reason,
      atMs: Date.parse(view.kill.requestedAt),
    };
  }
  if (view.state.state === 'ended' && view.state.reason.kind === 'killed') {
    const { by, byRole, reason, at } = view.state.reason;
    return { by, role: byRole, reason, atMs: Date.parse(at) };
  }
  return null;
}

const plus = (ms: number) => (ms >= 10_000 ? `+ ${(ms / 1000).toFixed(1)} s` : `+ ${Math.max(0, Math.round(ms))} ms`);

function Track(props: { view: SessionView; requestedMs: number }) {
  const { kill, record, endedAtMs, route } = props.view;
  const closed = kill?.closedMs ?? null;
  const sealed =
    record.complete && record.storedAtMs !== null ? record.storedAtMs - (endedAtMs ?? record.storedAtMs) : null;
  return (
    <ol className={css.track} aria-label="What happened to the order">
      <li className={css.mark}>
        <span className={css.markWhat}>Kill requested</span>
        <span className={css.markTime}>{exactClock(props.requestedMs)}</span>
      </li>
      <li className={css.mark}>
        <span className={css.markWhat}>Received by this session</span>
        <span className={css.markTime}>{kill === null ? '–' : plus(kill.receivedMs)}</span>
      </li>
      <li className={cx(css.mark, css.markCut)}>
        <span className={css.markWhat}>
          {closed === null ? 'Wire closed, time not confirmed' : `Wire closed in ${Math.max(0, Math.round(closed))} ms`}
        </span>
        <span className={css.markTime}>{closed === null ? '' : plus(closed)}</span>
        <span className={css.markSub}>
          {route === 'relay' ? 'here, and by the relay on its own' : 'here; a direct connection has no relay'}
        </span>
      </li>
      <li className={cx(css.mark, css.markLast, record.complete && css.markDone)}>
        <span className={css.markWhat}>{record.complete ? 'Record complete' : 'Sending the record'}</span>
        <span className={css.markTime}>{sealed === null ? '' : `+ ${(Math.max(0, sealed) / 1000).toFixed(1)} s`}</span>
        <span className={css.markSub}>
          {record.complete
            ? `${bytes(record.storedBytes)}, signed end, all of it stored`
            : `${bytes(record.writtenBytes)} written, not all of it stored yet`}
        </span>
      </li>
    </ol>
  );
}

export function KillBanner(props: {
  view: SessionView;
  others: number;
  onReplay: () => void;
  onCopy: (text: string) => void;
}) {
  const { view, others } = props;
  const kill = killOf(view);
  if (kill === null) return null;
  const details = [
    `Killed: ${view.targetName} as ${view.login} (SP-4001)`,
    `By: ${kill.by}, ${roleName(kill.role)}, ${longDay(kill.atMs)} ${exactClock(kill.atMs)}`,
    `Reason: ${kill.reason}`,
    `Session: ${view.sessionId ?? 'not known'}`,
    `Order: ${view.kill?.orderId ?? 'not known'}`,
    `Lock: ${view.kill?.lockId ?? 'not known'}`,
  ].join('\n');
  return (
    <section className={css.killed} role="alert" data-testid={testIds.killBanner}>
      <div className={css.killedMain}>
        <ArchMark tone="ended" large={true}>
          <CutIcon size={24} />
        </ArchMark>
        <div>
          <h2 className={css.killedTitle}>This session was killed</h2>
          <p className={css.killedBy}>
            <PersonArch name={kill.by} />
            <span>
              <b>{kill.by}</b>, {roleName(kill.role).toLowerCase()}
            </span>
            <span>
              {longDay(kill.atMs)}, {clock(kill.atMs, true)}
            </span>
          </p>
          <blockquote className={cx(css.quote, 'selectable')}>{kill.reason}</blockquote>
          <div className={css.killedActions}>
            <Button
              variant="filled"
              leftSection={<Play size={13} fill="currentColor" aria-hidden="true" />}
              disabled={view.sessionId === null}
              data-testid={testIds.replaySession}
              onClick={props.onReplay}
            >
              Replay this session
            </Button>
            <Button
              variant="subtle"
              leftSection={<Copy size={14} strokeWidth={1.6} aria-hidden="true" />}
              onClick={() => props.onCopy(details)}
            >
              Copy details
            </Button>
          </div>
          <p className={css.killedNote}>
            <Lock size={13} strokeWidth={1.6} aria-hidden="true" />
            <span>
              <b>{view.targetName} is locked for you</b> until an analyst lifts the lock.
              {others === 0
                ? ''
                : others === 1
                  ? ' Your other session goes on.'
                  : ` Your other ${others} sessions go on.`}{' '}
              The screen below stays readable: search it, copy from it, replay it.
            </span>
          </p>
        </div>
      </div>
      <Track view={view} requestedMs={kill.atMs} />
    </section>
  );
}
