import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import { ChoiceRow } from './setting-row.tsx';
import { TextSize } from './terminal-section.tsx';
import { useSetting } from './use-setting.ts';

export function AppearanceSection() {
  const { settings } = useServices();
  const scheme = useStore(settings.scheme);
  const theme = useSetting('theme');
  return (
    <>
      <ChoiceRow
        title="Theme"
        help={theme.value === 'system' ? `As the desktop has it: ${scheme} now.` : 'The same by day and by night.'}
        setting={theme}
        choices={[
          { value: 'system', label: 'System' },
          { value: 'dark', label: 'Dark' },
          { value: 'light', label: 'Light' },
        ]}
      />
      <ChoiceRow
        title="Density"
        help="Comfortable rows are 4 px higher."
        setting={useSetting('density')}
        choices={[
          { value: 'compact', label: 'Compact' },
          { value: 'comfortable', label: 'Comfortable' },
        ]}
      />
      <TextSize />
    </>
  );
}
