import type { Me } from '../../../shared/protocol/control-api.ts';
import type { AppState } from '../../../shared/protocol/ipc.ts';
import { type FixedRow, fixedByDevice, fixedByOrganisation } from './fixed-words.ts';
import { FixedBy } from './setting-row.tsx';
import css from './settings.module.css';

function FixedList(props: { by: string; from: string; rows: readonly FixedRow[] }) {
  return (
    <section className={css.fixedList} aria-label={`Fixed by ${props.by}`}>
      <div className={css.fixedHead}>
        <FixedBy by={props.by} />
        <span className={css.dim}>{props.from}</span>
      </div>
      <dl className={css.fixedRows}>
        {props.rows.map((row) => (
          <div key={row.what} className={css.fixedRow}>
            <dt>{row.what}</dt>
            <dd>{row.value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** Everything that is decided elsewhere, and by whom. */
export function FixedSection(props: { state: AppState; me: Me | null }) {
  const { me } = props;
  const { fixed } = props.state;
  return (
    <>
      <p className={css.text}>These cannot be changed here. Whoever has fixed them can.</p>
      {fixed === null ? null : (
        <FixedList by={fixed.by} from="by the policy file of this device" rows={fixedByDevice(fixed)} />
      )}
      {me === null ? (
        <p className={css.text}>What your organisation decides is known once the server has answered.</p>
      ) : (
        <FixedList by={me.organisation} from="for every launcher" rows={fixedByOrganisation(me.policy)} />
      )}
      {fixed === null ? <p className={css.text}>No policy file on this device fixes a setting.</p> : null}
    </>
  );
}
