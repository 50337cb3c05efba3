import { SegmentedControl, Switch } from '@mantine/core';
import { Minus, Plus } from 'lucide-react';
import { IconButton, Keys } from '../components/primitives.tsx';
import { useServices } from '../services/services.tsx';
import { useStore } from '../services/store.ts';
import css from './shell.module.css';

const themes = [
  { value: 'system', label: 'System' },
  { value: 'dark', label: 'Dark' },
  { value: 'light', label: 'Light' },
] as const;

/** What this person may set here; what policy fixes comes with the full settings. */
export function SettingsPanel() {
  const { settings } = useServices();
  const now = useStore(settings.settings);
  return (
    <div className={css.pop}>
      <h2 className={css.popTitle}>Settings</h2>
      <div className={css.popRow}>
        <span>Appearance</span>
        <SegmentedControl
          aria-label="Appearance"
          data={[...themes]}
          value={now.theme}
          onChange={(value) => {
            const chosen = themes.find((theme) => theme.value === value);
            if (chosen !== undefined) settings.change({ theme: chosen.value });
          }}
        />
      </div>
      <div className={css.popRow}>
        <span>Terminal text</span>
        <span className={css.stepper}>
          <IconButton label="Smaller text" onClick={() => settings.change({ fontSize: Math.max(9, now.fontSize - 1) })}>
            <Minus size={14} aria-hidden="true" />
          </IconButton>
          <span className={css.stepperValue} aria-live="polite">
            {now.fontSize} px
          </span>
          <IconButton label="Larger text" onClick={() => settings.change({ fontSize: Math.min(32, now.fontSize + 1) })}>
            <Plus size={14} aria-hidden="true" />
          </IconButton>
        </span>
      </div>
      <div className={css.popRow}>
        <Switch
          label="Copy as soon as text is selected"
          checked={now.copyOnSelect}
          onChange={(event) => settings.change({ copyOnSelect: event.currentTarget.checked })}
        />
      </div>
      <p className={css.popText}>
        <Keys of="Ctrl Shift L" /> switches dark and light.
      </p>
    </div>
  );
}
