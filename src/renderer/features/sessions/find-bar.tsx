import { ChevronDown, ChevronUp, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { IconButton } from '../../components/primitives.tsx';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import type { TerminalScreen } from '../../terminal/terminal-screen.ts';
import { testIds } from '../../test-ids.ts';
import css from './sessions.module.css';

/** Finds on the screen and in its scrollback. A row of its own: it covers no cell. */
export function FindBar(props: { screen: TerminalScreen }) {
  const { sessionUi } = useServices();
  const { screen } = props;
  const result = useStore(screen.findResult);
  const [text, setText] = useState('');
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    input.current?.focus();
    return () => screen.clearFind();
  }, [screen]);
  const count =
    text === ''
      ? ''
      : result === null || result.count === 0
        ? 'Not found'
        : result.index < 0
          ? `${result.count}`
          : `${result.index + 1} of ${result.count}`;
  return (
    <search className={css.find}>
      <input
        ref={input}
        className={css.findInput}
        aria-label="Find on this screen"
        placeholder="Find on this screen"
        spellCheck={false}
        value={text}
        data-testid={testIds.findInput}
        onChange={(event) => {
          setText(event.currentTarget.value);
          screen.find(event.currentTarget.value, 'previous', true);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') screen.find(text, event.shiftKey ? 'next' : 'previous');
          else if (event.key === 'Escape') sessionUi.closeFind();
          else return;
          event.preventDefault();
          event.stopPropagation();
        }}
      />
      <span className={css.findCount} aria-live="polite">
        {count}
      </span>
      <IconButton label="Earlier hit (Enter)" onClick={() => screen.find(text, 'previous')}>
        <ChevronUp size={15} aria-hidden="true" />
      </IconButton>
      <IconButton label="Later hit (Shift Enter)" onClick={() => screen.find(text, 'next')}>
        <ChevronDown size={15} aria-hidden="true" />
      </IconButton>
      <IconButton label="Close (Esc)" onClick={() => sessionUi.closeFind()}>
        <X size={15} aria-hidden="true" />
      </IconButton>
    </search>
  );
}
