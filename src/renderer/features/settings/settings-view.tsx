import { Bell, Keyboard, LockKeyhole, MonitorSmartphone, Palette, Server, SquareTerminal } from 'lucide-react';
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import type { AppState } from '../../../shared/protocol/ipc.ts';
import type { Enrolled } from '../../app/person-panel.tsx';
import { Foot } from '../../components/foot.tsx';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import { testIds } from '../../test-ids.ts';
import { AppearanceSection } from './appearance-section.tsx';
import { FixedSection } from './fixed-section.tsx';
import { KeyboardSection } from './keyboard-section.tsx';
import { NotifySection } from './notify-section.tsx';
import { DeviceSection, ServerSection } from './place-sections.tsx';
import css from './settings.module.css';
import { TerminalSection } from './terminal-section.tsx';

const icon = { size: 16, strokeWidth: 1.5, 'aria-hidden': true } as const;
const sections: readonly { id: string; name: string; icon: ReactNode }[] = [
  { id: 'appearance', name: 'Appearance', icon: <Palette {...icon} /> },
  { id: 'terminal', name: 'Terminal', icon: <SquareTerminal {...icon} /> },
  { id: 'keyboard', name: 'Keyboard', icon: <Keyboard {...icon} /> },
  { id: 'notifications', name: 'Notifications and tray', icon: <Bell {...icon} /> },
  { id: 'server', name: 'Server', icon: <Server {...icon} /> },
  { id: 'device', name: 'This device', icon: <MonitorSmartphone {...icon} /> },
  { id: 'fixed', name: 'Fixed by policy', icon: <LockKeyhole {...icon} /> },
];

function Section(props: { id: string; state: AppState; enrolment: Enrolled }) {
  const { state, enrolment } = props;
  switch (props.id) {
    case 'terminal':
      return <TerminalSection me={enrolment.me} />;
    case 'keyboard':
      return <KeyboardSection />;
    case 'notifications':
      return <NotifySection />;
    case 'server':
      return <ServerSection state={state} enrolment={enrolment} />;
    case 'device':
      return <DeviceSection state={state} enrolment={enrolment} />;
    case 'fixed':
      return <FixedSection state={state} me={enrolment.me} />;
    default:
      return <AppearanceSection />;
  }
}

/** What this person may set, and what others have set. */
export function SettingsView(props: { shown: boolean; state: AppState; enrolment: Enrolled }) {
  const { navigation } = useServices();
  const place = useStore(navigation.place);
  const [open, setOpen] = useState('appearance');
  const tabs = useRef<HTMLDivElement>(null);
  const at = Math.max(
    0,
    sections.findIndex((section) => section.id === open),
  );
  const section = sections[at];

  // A wish for a section is a new one each time: the place changes with it.
  useEffect(() => {
    if (place.settingsSection !== null) setOpen(place.settingsSection);
  }, [place.settingsSection]);

  useEffect(() => {
    if (props.shown) tabs.current?.querySelector<HTMLElement>('[aria-selected="true"]')?.focus();
  }, [props.shown]);

  const onKey = (event: KeyboardEvent) => {
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: sections.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = sections[(to + sections.length) % sections.length];
    if (next === undefined) return;
    setOpen(next.id);
    document.getElementById(`settings-tab-${next.id}`)?.focus();
  };

  return (
    <>
      <div className={css.layout} data-testid={testIds.settingsView}>
        <div
          ref={tabs}
          className={css.tabs}
          role="tablist"
          aria-orientation="vertical"
          aria-label="Settings"
          onKeyDown={onKey}
        >
          {sections.map((each) => (
            <button
              key={each.id}
              type="button"
              role="tab"
              id={`settings-tab-${each.id}`}
              className={css.tab}
              aria-selected={each.id === section?.id}
              aria-controls="settings-panel"
              tabIndex={each.id === section?.id ? 0 : -1}
              onClick={() => setOpen(each.id)}
            >
              {each.icon}
              {each.name}
            </button>
          ))}
        </div>
        <div
          id="settings-panel"
          className={css.panel}
          role="tabpanel"
          aria-labelledby={`settings-tab-${section?.id ?? ''}`}
          data-testid={testIds.settingsSection}
          data-section={section?.id}
        >
          <div className={css.column}>
            <h2 className={css.title}>{section?.name}</h2>
            <Section id={section?.id ?? ''} state={props.state} enrolment={props.enrolment} />
          </div>
        </div>
      </div>
      <Foot
        keys={[
          ['↑ ↓', 'section'],
          ['Tab', 'into the section'],
          ['Ctrl Shift L', 'dark or light'],
        ]}
      />
    </>
  );
}
