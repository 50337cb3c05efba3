import type { Settings } from '../../../shared/protocol/ipc.ts';
import { SwitchRow } from './setting-row.tsx';
import css from './settings.module.css';
import { useSetting } from './use-setting.ts';

const kinds: readonly { name: keyof Settings['notify']; title: string; help: string }[] = [
  { name: 'killed', title: 'A session was killed', help: 'Who, and the reason.' },
  { name: 'frozen', title: 'A session is frozen', help: 'What you type is held, and until when.' },
  { name: 'timeLow', title: 'Five minutes are left', help: 'Once for each session.' },
  { name: 'ended', title: 'A session ended by itself', help: 'The shell was closed, or the target went away.' },
];

export function NotifySection() {
  const notify = useSetting('notify');
  return (
    <>
      <h3 className={css.heading}>Say on the desktop, while the window is not in front</h3>
      {kinds.map(({ name, title, help }) => (
        <SwitchRow
          key={name}
          title={title}
          help={help}
          setting={{
            value: notify.value[name],
            set: (next) => notify.set({ ...notify.value, [name]: next }),
            fixedBy: notify.fixedBy,
          }}
        />
      ))}
      <h3 className={css.heading}>Tray</h3>
      <SwitchRow
        title="An icon beside the clock"
        help="With the running sessions, so that they are at hand while the window is closed."
        setting={useSetting('tray')}
      />
    </>
  );
}
