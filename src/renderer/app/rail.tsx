import { Popover } from '@mantine/core';
import { History, SlidersHorizontal, SquareTerminal, User, Voicemail } from 'lucide-react';
import type { ReactNode } from 'react';
import { ArchIcon } from '../components/icons/icons.tsx';
import { PersonArch } from '../components/primitives.tsx';
import type { ViewName } from '../services/navigation.ts';
import { useServices } from '../services/services.tsx';
import { useStore } from '../services/store.ts';
import { testIds } from '../test-ids.ts';
import { type Enrolled, PersonPanel } from './person-panel.tsx';
import css from './shell.module.css';

const items: Record<ViewName, { label: string; icon: ReactNode; testId: string }> = {
  targets: { label: 'Targets', icon: <ArchIcon size={17} />, testId: testIds.navTargets },
  sessions: {
    label: 'Sessions',
    icon: <SquareTerminal size={17} strokeWidth={1.5} aria-hidden="true" />,
    testId: testIds.navSessions,
  },
  history: {
    label: 'History',
    icon: <History size={17} strokeWidth={1.5} aria-hidden="true" />,
    testId: testIds.navHistory,
  },
  recordings: {
    label: 'Recordings',
    icon: <Voicemail size={17} strokeWidth={1.5} aria-hidden="true" />,
    testId: testIds.navRecordings,
  },
  settings: {
    label: 'Settings',
    icon: <SlidersHorizontal size={17} strokeWidth={1.5} aria-hidden="true" />,
    testId: testIds.navSettings,
  },
};

function RailItem(props: { view: ViewName; current: boolean; count: number; keys: string }) {
  const { navigation } = useServices();
  const item = items[props.view];
  return (
    <button
      type="button"
      className={css.railItem}
      aria-current={props.current ? 'page' : undefined}
      title={`${item.label} (${props.keys})`}
      data-testid={item.testId}
      onClick={() => navigation.go(props.view)}
    >
      {item.icon}
      <span className={css.railLabel}>{item.label}</span>
      {props.count > 0 ? (
        <span className={css.railCount}>
          {props.count}
          <span className="visually-hidden"> running</span>
        </span>
      ) : null}
    </button>
  );
}

/** Before the server has said who this is. */
function UnknownArch() {
  return (
    <span className={css.unknown}>
      <User size={14} strokeWidth={1.6} aria-hidden="true" />
    </span>
  );
}

export function Rail(props: { views: readonly ViewName[]; enrolment: Enrolled }) {
  const { navigation, sessions } = useServices();
  const place = useStore(navigation.place);
  const running = [...useStore(sessions.sessions).values()].filter((session) => session.state.state !== 'ended').length;
  const name = props.enrolment.me?.user.name ?? null;
  return (
    <nav className={css.rail} aria-label="Views">
      {props.views.map((view, index) => (
        <RailItem
          key={view}
          view={view}
          keys={`Ctrl Shift ${index + 1}`}
          current={place.view === view}
          count={view === 'sessions' ? running : 0}
        />
      ))}
      <div className={css.railEnd}>
        <RailItem view="settings" keys="Ctrl ," current={place.view === 'settings'} count={0} />
        <Popover
          position="right-end"
          opened={place.dialog === 'person'}
          onChange={(open) => navigation.setDialog(open ? 'person' : null)}
          trapFocus
          returnFocus
        >
          <Popover.Target>
            <button
              type="button"
              className={css.railPerson}
              data-testid={testIds.person}
              title={name ?? 'Who you are'}
              onClick={() => navigation.setDialog(place.dialog === 'person' ? null : 'person')}
            >
              {name === null ? <UnknownArch /> : <PersonArch name={name} />}
              <em className="visually-hidden">{name === null ? '' : `${name}: `}who you are and this device</em>
            </button>
          </Popover.Target>
          <Popover.Dropdown>
            <PersonPanel enrolment={props.enrolment} />
          </Popover.Dropdown>
        </Popover>
      </div>
    </nav>
  );
}
