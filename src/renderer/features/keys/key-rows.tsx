import { SquareTerminal } from 'lucide-react';
import { Keys } from '../../components/primitives.tsx';
import type { KeyGroup } from './key-list.ts';
import css from './keys.module.css';

/** Keys by view, in columns. */
export function KeyRows(props: { groups: readonly KeyGroup[] }) {
  if (props.groups.length === 0) return <p className={css.nothing}>No action or key has these words.</p>;
  return (
    <div className={css.groups}>
      {props.groups.map((group) => (
        <section key={group.name} className={css.group} aria-label={group.name}>
          <h3 className={css.groupName}>{group.name}</h3>
          <dl className={css.rows}>
            {group.rows.map((row) => (
              <div key={row.id} className={css.row}>
                <dt className={css.what}>
                  {row.title}
                  {row.inTerminal ? (
                    <span className={css.terminal} title="Works in a terminal too">
                      <SquareTerminal size={12} strokeWidth={1.6} aria-hidden="true" />
                      <span className="visually-hidden">, in a terminal too</span>
                    </span>
                  ) : null}
                </dt>
                <dd className={css.keys}>
                  {row.keys.length === 0 ? <span className={css.none}>in the palette</span> : null}
                  {row.keys.map((keys, at) => (
                    <span key={keys} className={css.way}>
                      {at === 0 ? null : <span className={css.or}>or</span>}
                      <Keys of={keys} />
                    </span>
                  ))}
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </div>
  );
}
