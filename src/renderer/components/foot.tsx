import type { ReactNode } from 'react';
import css from '../app/shell.module.css';
import { useServices } from '../services/services.tsx';
import { Keys } from './primitives.tsx';

/** The foot of a view: its keys, then what belongs to the right end. */
export function Foot(props: { keys: readonly (readonly [keys: string, what: string])[]; end?: ReactNode }) {
  const { navigation } = useServices();
  return (
    <footer className={css.foot}>
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
          <Keys of="F1" />
          all keys
        </button>
      </span>
    </footer>
  );
}
