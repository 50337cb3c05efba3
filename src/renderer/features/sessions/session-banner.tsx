import { Button } from '@mantine/core';
import { CircleOff } from 'lucide-react';
import type { Problem } from '../../../shared/errors/result.ts';
import type { Connection, SessionView } from '../../../shared/protocol/ipc.ts';
import { BrokenLinkIcon, EndedIcon, HourglassIcon, SnowflakeIcon, StrictIcon } from '../../components/icons/icons.tsx';
import { Banner, cx } from '../../components/primitives.tsx';
import { clock } from '../../services/format.ts';
import { useServices } from '../../services/services.tsx';
import { testIds } from '../../test-ids.ts';
import css from './session-banner.module.css';
import { endWords, lowMs, noContact, noContactWords, stoppedWords, timeLeftInFull } from './words.ts';

const endIcons = { strict: StrictIcon, broken: BrokenLinkIcon, ended: EndedIcon, hourglass: HourglassIcon } as const;

function TryNow() {
  const { app } = useServices();
  return <Button onClick={() => app.retry()}>Try now</Button>;
}

function FrozenBanner(props: { why: 'lease' | 'order'; endsAtMs: number | null; now: number }) {
  const left = props.endsAtMs === null ? null : Math.max(0, Math.ceil((props.endsAtMs - props.now) / 1000));
  const title = props.why === 'lease' ? 'Frozen: no contact with the server' : 'Frozen by order';
  const then =
    left === null
      ? 'It goes on when the server says so.'
      : props.why === 'lease'
        ? `If contact is not back in ${left} s, the session ends and its record is closed. SP-4002`
        : `It ends in ${left} s unless it is released.`;
  return (
    <Banner
      tone="held"
      icon={<SnowflakeIcon />}
      title={title}
      testId={testIds.banner}
      actions={props.why === 'lease' ? <TryNow /> : undefined}
    >
      Nothing you type is sent. {then}
    </Banner>
  );
}

/**
 * A session goes on although its record could not: the bar stays as long as the session does, above whatever else is said. Announced at once.
 */
export function UnrecordedBar(props: { stopped: { problem: Problem; atMs: number } }) {
  const words = stoppedWords(props.stopped);
  return (
    <section className={css.unrecorded} role="alert" data-testid={testIds.unrecordedBar}>
      <CircleOff size={18} strokeWidth={1.9} aria-hidden="true" />
      <div>
        <h2 className={css.unrecordedTitle}>{words.title}</h2>
        <p className={cx(css.unrecordedText, 'selectable')}>{words.text}</p>
      </div>
    </section>
  );
}

/** What stands above a session's screen, if anything does. A kill has its own banner. */
export function SessionBanner(props: {
  view: SessionView;
  connection: Connection['state'];
  now: number;
  /** Since when nothing of it is recorded any more; null where all of it is. */
  stoppedAtMs: number | null;
  /** Null where a newer session has taken this one's place. */
  onReconnect: (() => void) | null;
  onReplay: () => void;
  onCopy: (title: string) => void;
}) {
  const { view, now } = props;
  if (view.state.state === 'frozen')
    return <FrozenBanner why={view.state.why} endsAtMs={view.state.endsAtMs} now={now} />;
  if (noContact(view, props.connection, now)) {
    const words = noContactWords(view, now);
    return (
      <Banner
        tone="press"
        icon={<BrokenLinkIcon />}
        title={words.title}
        testId={testIds.banner}
        actions={props.connection === 'online' ? undefined : <TryNow />}
      >
        {words.text}
      </Banner>
    );
  }
  if (view.state.state === 'open' && view.endsAtMs !== null && view.endsAtMs - now < lowMs) {
    return (
      <Banner
        tone="press"
        icon={<HourglassIcon />}
        title={`${timeLeftInFull(view.endsAtMs - now)} on ${view.targetName}`}
        testId={testIds.banner}
      >
        It ends at {clock(view.endsAtMs)} whatever is open. Save your file. Connecting again works while your access
        lasts.
      </Banner>
    );
  }
  const words = endWords(view, props.stoppedAtMs);
  if (words === null) return null;
  const Icon = endIcons[words.icon];
  return (
    <Banner
      tone={words.tone}
      icon={<Icon />}
      title={words.title}
      testId={testIds.banner}
      actions={
        <>
          {props.onReconnect === null ? null : (
            <Button data-testid={testIds.reconnect} onClick={props.onReconnect}>
              {words.tone === 'strict' ? 'Connect again' : 'Reconnect'}
            </Button>
          )}
          {words.problem === null ? (
            <Button
              variant="subtle"
              disabled={view.sessionId === null}
              data-testid={testIds.replaySession}
              onClick={props.onReplay}
            >
              Replay
            </Button>
          ) : (
            <Button variant="subtle" onClick={() => props.onCopy(words.title)}>
              Copy details
            </Button>
          )}
        </>
      }
    >
      {words.text} {words.problem?.code}
    </Banner>
  );
}
