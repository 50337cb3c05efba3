import type { ReactNode } from 'react';
import css from '../app/shell.module.css';
import { useServices } from '../services/services.tsx';
import { keepFocus } from './keep-focus.ts';
import { Keys } from './primitives.tsx';

/** The foot of a view: its keys, then what belongs to the right end. `inTerminal`: F1 would go to the target. */
export function Foot(props: {
  keys: readonly (readonly [keys: string, what: string])[];
  end?: ReactNode;
  inTerminal?: boolean;
}) {
  const { navigation } = useServices();
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it keeps the focus where it is and does nothing else
    <footer className={css.foot} onMouseDown={keepFocus}>
      <span className={css.footKeys}>
        {props.keys.map(([keys, what]) => (
          <span key={keys} className={css.footKey}>
            <Keys of={keys} />
            {what}
          </span>
        ))}
      </span>
      <span className={css.footEnd}>
        {props.end}
        <button type="button" className={css.footButton} onClick={() => navigation.setDialog('keys')}>
          <Keys of={props.inTerminal === true ? 'Ctrl Shift H' : 'F1'} />
          all keys
        </button>
      </span>
    </footer>
  );
}
