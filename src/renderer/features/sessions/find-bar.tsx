import { CaseSensitive, ChevronDown, ChevronUp, Regex, WholeWord, X } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { cx, IconButton } from '../../components/primitives.tsx';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import { type FindHow, type FindResult, findPlainly, hitsAtMost } from '../../terminal/screen-find.ts';
import type { TerminalScreen } from '../../terminal/terminal-screen.ts';
import { testIds } from '../../test-ids.ts';
import css from './find-bar.module.css';

/** What was found, in words; empty before anything is looked for. */
export function foundWords(text: string, result: FindResult | null): string {
  if (text === '') return '';
  if (result?.broken === true) return 'Not a regular expression';
  if (result === null || result.count === 0) return 'Not found';
  if (result.index < 0)
    return result.count >= hitsAtMost ? `More than ${hitsAtMost.toLocaleString('en')}` : `${result.count}`;
  return `${(result.index + 1).toLocaleString('en')} of ${result.count.toLocaleString('en')}`;
}

function Toggle(props: { label: string; on: boolean; onChange: (on: boolean) => void; children: ReactNode }) {
  return (
    <button
      type="button"
      className={cx(css.toggle, props.on && css.toggleOn)}
      aria-pressed={props.on}
      aria-label={props.label}
      title={props.label}
      onClick={() => props.onChange(!props.on)}
    >
      {props.children}
    </button>
  );
}

/** Finds on the screen and in its scrollback. A row of its own: it covers no cell. */
export function FindBar(props: { screen: TerminalScreen }) {
  const { sessionUi } = useServices();
  const { screen } = props;
  const result = useStore(screen.findResult);
  const [text, setText] = useState('');
  const [how, setHow] = useState<FindHow>(findPlainly);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    input.current?.focus();
    return () => screen.clearFind();
  }, [screen]);
  const change = (part: Partial<FindHow>) => {
    const next = { ...how, ...part };
    setHow(next);
    screen.find(text, 'previous', next, true);
  };
  const step = (direction: 'next' | 'previous') => screen.find(text, direction, how);
  return (
    <search
      className={css.find}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.preventDefault();
        event.stopPropagation();
        sessionUi.closeFind();
      }}
    >
      <input
        ref={input}
        className={css.findInput}
        aria-label="Find on this screen"
        placeholder="Find on this screen"
        spellCheck={false}
        value={text}
        aria-invalid={result?.broken === true}
        data-testid={testIds.findInput}
        onChange={(event) => {
          setText(event.currentTarget.value);
          screen.find(event.currentTarget.value, 'previous', how, true);
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return;
          event.preventDefault();
          event.stopPropagation();
          step(event.shiftKey ? 'next' : 'previous');
        }}
      />
      <span className={css.toggles}>
        <Toggle label="Match case" on={how.caseSensitive} onChange={(caseSensitive) => change({ caseSensitive })}>
          <CaseSensitive size={15} aria-hidden="true" />
        </Toggle>
        <Toggle label="Whole word" on={how.wholeWord} onChange={(wholeWord) => change({ wholeWord })}>
          <WholeWord size={15} aria-hidden="true" />
        </Toggle>
        <Toggle label="Regular expression" on={how.regex} onChange={(regex) => change({ regex })}>
          <Regex size={14} aria-hidden="true" />
        </Toggle>
      </span>
      <span
        className={cx(css.findCount, result?.broken === true && css.broken)}
        aria-live="polite"
        data-testid={testIds.findCount}
      >
        {foundWords(text, result)}
      </span>
      <IconButton label="Earlier hit (Enter)" onClick={() => step('previous')}>
        <ChevronUp size={15} aria-hidden="true" />
      </IconButton>
      <IconButton label="Later hit (Shift Enter)" onClick={() => step('next')}>
        <ChevronDown size={15} aria-hidden="true" />
      </IconButton>
      <IconButton label="Close (Esc)" onClick={() => sessionUi.closeFind()}>
        <X size={15} aria-hidden="true" />
      </IconButton>
    </search>
  );
}
