import { Button } from '@mantine/core';
import { Clock, Ellipsis } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Connection, SessionView } from '../../../shared/protocol/ipc.ts';
import { EndpointBadge } from '../../components/endpoint-badge.tsx';
import { BrokenArchIcon, HourglassIcon, RecordingIcon } from '../../components/icons/icons.tsx';
import { Badge, cx, IconButton, ProductionBadge } from '../../components/primitives.tsx';
import { clock } from '../../services/format.ts';
import { useServices } from '../../services/services.tsx';
import { earlierOf } from '../../services/session-ui.ts';
import { useStore } from '../../services/store.ts';
import type { Tab } from '../../services/tabs.ts';
import { testIds } from '../../test-ids.ts';
import css from './pane-head.module.css';
import { openTabMenu } from './tab-menu-state.ts';
import { colourOf, TargetColour } from './target-colour.tsx';
import { lowMs, noContact, timeLeft } from './words.ts';

/** The line on top of a pane: accent where the focus is, and the state where that is louder. */
export function PaneSill(props: { tone: 'focused' | 'quiet' | 'ended' | 'strict' }) {
  return (
    <div
      className={cx(
        css.sill,
        props.tone === 'focused' && css.sillFocused,
        props.tone === 'ended' && css.sillEnded,
        props.tone === 'strict' && css.sillStrict,
      )}
    />
  );
}

function TimeLeft(props: { view: SessionView; connection: Connection['state']; now: number }) {
  const { view, now } = props;
  if (view.state.state === 'ended') {
    return view.endedAtMs === null || view.openedAtMs === null ? null : (
      <span className={css.asItWas}>The screen as it was at {clock(view.endedAtMs, true)}</span>
    );
  }
  // The time that the rules leave means nothing while the session is about to end for want of contact.
  if (view.endsAtMs === null || view.state.state === 'frozen' || noContact(view, props.connection, now)) return null;
  const left = view.endsAtMs - now;
  if (left < lowMs) {
    return (
      <Badge tone="press" icon={<HourglassIcon size={13} />}>
        {timeLeft(left)}
      </Badge>
    );
  }
  return (
    <span className={css.clock}>
      <Clock size={13} strokeWidth={1.6} aria-hidden="true" />
      {timeLeft(left)}
    </span>
  );
}

/** Whose screen this is. Drawn by us from what the server said: nothing that a target sends reaches it. */
export function PaneHead(props: {
  view: SessionView;
  tab: Tab;
  connection: Connection['state'];
  now: number;
  /** An earlier session's screen is shown. */
  earlier: boolean;
  /** There is no other screen to go back to. */
  held: boolean;
  /** More to stand at its end, before the time. */
  children?: ReactNode;
}) {
  const { sessions, sessionUi, memory } = useServices();
  const { view, tab } = props;
  const colour = colourOf(useStore(memory.state), view.targetId);
  return (
    <div className={css.head}>
      {colour === null ? null : <TargetColour colour={colour} tall={true} />}
      {view.production ? <ProductionBadge /> : null}
      <span className={css.name}>{view.targetName}</span>
      <span className={css.login}>{view.login}</span>
      <span className={css.badges}>
        {view.route === 'direct' ? (
          <Badge
            tone="outline"
            icon={<BrokenArchIcon size={14} />}
            title="Direct connection: the relay cannot cut it, so a kill is best effort"
          >
            Direct, best effort
          </Badge>
        ) : null}
        {view.recordMode === 'best-effort' ? (
          <Badge
            tone="outline"
            icon={<RecordingIcon size={14} />}
            title="If its record cannot be written any more, this session goes on without one, and says so"
          >
            Recording: best effort
          </Badge>
        ) : null}
        {view.credential === 'sealed-password' ? <EndpointBadge /> : null}
      </span>
      <div className={css.end}>
        {earlierOf(sessions, tab) !== undefined && !props.held ? (
          <Button variant="subtle" size="compact-sm" onClick={() => sessionUi.toggleEarlier(tab.key)}>
            {props.earlier ? 'Back to the session' : 'Earlier screen'}
          </Button>
        ) : null}
        {props.children}
        <TimeLeft view={view} connection={props.connection} now={props.now} />
        <IconButton
          label="Menu of this tab (Ctrl Shift M)"
          className={css.more}
          testId={testIds.tabMenu}
          onClick={() => openTabMenu(tab.key, null)}
        >
          <Ellipsis size={15} strokeWidth={1.8} aria-hidden="true" />
        </IconButton>
      </div>
    </div>
  );
}
