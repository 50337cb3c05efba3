import { Minus, Plus } from 'lucide-react';
import type { Me } from '../../../shared/protocol/control-api.ts';
import { IconButton } from '../../components/primitives.tsx';
import { HighlightWords } from './highlight-words.tsx';
import { ChoiceRow, SettingRow, SwitchRow } from './setting-row.tsx';
import css from './settings.module.css';
import { TerminalSample } from './terminal-sample.tsx';
import { useSetting } from './use-setting.ts';

const lines = [1000, 10_000, 50_000, 100_000];

/** The one size of text that the person sets. */
export function TextSize() {
  const size = useSetting('fontSize');
  const step = (by: number) => size.set(Math.min(32, Math.max(9, size.value + by)));
  return (
    <SettingRow title="Terminal text" help="9 to 32 px, in all terminals and replays." fixedBy={size.fixedBy}>
      {size.fixedBy === null ? (
        <span className={css.stepper}>
          <IconButton label="Smaller text" onClick={() => step(-1)}>
            <Minus size={14} aria-hidden="true" />
          </IconButton>
          <span className={css.stepperValue} aria-live="polite">
            {size.value} px
          </span>
          <IconButton label="Larger text" onClick={() => step(1)}>
            <Plus size={14} aria-hidden="true" />
          </IconButton>
        </span>
      ) : (
        <span className={css.stepperValue}>{size.value} px</span>
      )}
    </SettingRow>
  );
}

function Scrollback() {
  const scrollback = useSetting('scrollback');
  const choices = lines.includes(scrollback.value) ? lines : [...lines, scrollback.value].sort((a, b) => a - b);
  return (
    <ChoiceRow
      title="Lines kept above the screen"
      help="For new sessions. The record keeps everything in any case."
      setting={{
        value: String(scrollback.value),
        set: (next) => scrollback.set(Number(next)),
        fixedBy: scrollback.fixedBy,
      }}
      choices={choices.map((count) => ({ value: String(count), label: count.toLocaleString('en') }))}
    />
  );
}

export function TerminalSection(props: { me: Me | null }) {
  const copy = useSetting('copyOnSelect');
  const clipboardOff = props.me?.policy.clipboard === 'denied' ? props.me.organisation : null;
  return (
    <>
      <TerminalSample />
      <TextSize />
      <ChoiceRow
        title="Cursor"
        setting={useSetting('cursor')}
        choices={[
          { value: 'block', label: 'Block' },
          { value: 'bar', label: 'Bar' },
          { value: 'underline', label: 'Underline' },
        ]}
      />
      <Scrollback />
      <SwitchRow
        title="Copy as soon as text is selected"
        {...(clipboardOff === null ? {} : { help: 'The clipboard is off in all sessions.' })}
        setting={{ ...copy, value: copy.value && clipboardOff === null, fixedBy: copy.fixedBy ?? clipboardOff }}
      />
      <ChoiceRow
        title="Ask before a paste of several lines"
        help="A line end runs what stands before it."
        setting={useSetting('pasteGuard')}
        choices={[
          { value: 'always', label: 'Always' },
          { value: 'production', label: 'On production' },
          { value: 'never', label: 'Never' },
        ]}
      />
      <HighlightWords />
      <ChoiceRow
        title="Drawing"
        help="By the graphics card where that works, which is faster; plain where it draws wrong."
        setting={useSetting('renderer')}
        choices={[
          { value: 'auto', label: 'Graphics card' },
          { value: 'plain', label: 'Plain' },
        ]}
      />
      <SwitchRow
        title="Screen reader"
        help="The terminal says what appears in it. Costs speed, so only where it is needed."
        setting={useSetting('screenReader')}
      />
    </>
  );
}
