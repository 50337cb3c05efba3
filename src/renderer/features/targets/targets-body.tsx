import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Enrolled } from '../../app/person-panel.tsx';
import { Empty, ErrorCard } from '../../components/primitives.tsx';
import { actionFor, detailsOf, titleOf } from '../../errors/words.ts';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import css from './targets.module.css';

const skeleton = [180, 140, 220, 160, 200, 150, 190, 130] as const;

/** The list, or why there is none. */
export function TargetsBody(props: {
  empty: boolean;
  query: string;
  enrolment: Enrolled;
  onClear: () => void;
  children: ReactNode;
}) {
  const { app, targets } = useServices();
  const state = useStore(targets.state);
  const me = props.enrolment.me;
  if (state.targets === null) {
    if (state.problem === null) {
      return (
        <div
          className={css.scroll}
          aria-busy="true"
          role="status"
          aria-label="Loading targets"
          style={{ marginTop: 44 }}
        >
          {skeleton.map((width) => (
            <div key={width} className={css.loadingRow}>
              <span style={{ width }} />
            </div>
          ))}
        </div>
      );
    }
    const { problem } = state;
    const retry = actionFor(problem.code) === 'retry' || problem.code.startsWith('SP-9');
    return (
      <div className={css.centre}>
        <ErrorCard
          title={titleOf(problem.code)}
          problem={problem}
          onCopy={() => void app.copy(detailsOf(titleOf(problem.code), problem))}
          action={
            retry ? (
              <Button variant="filled" onClick={() => void targets.load(true)}>
                Try again
              </Button>
            ) : undefined
          }
        />
      </div>
    );
  }
  if (state.targets.length === 0) {
    return (
      <div className={css.centre}>
        <Empty
          title="No targets yet"
          actions={
            <>
              <Button variant="filled" onClick={() => void targets.load(true)}>
                Look again
              </Button>
              <Button
                onClick={() =>
                  void app.copy(`Sallyport: ${me?.user.name ?? 'I'} (${me?.user.id ?? 'not known'}) needs access to: `)
                }
              >
                Copy a request
              </Button>
            </>
          }
        >
          No access rule at {me?.organisation ?? 'your organisation'} names{' '}
          {me === null ? 'you' : <b>{me.user.name}</b>} yet. Ask whoever invited you, and name the target and the login
          you need.
        </Empty>
      </div>
    );
  }
  if (props.empty) {
    return (
      <div className={css.centre}>
        <Empty title="No target matches" actions={<Button onClick={props.onClear}>Clear the search</Button>}>
          {props.query === '' ? (
            'No target has all of these labels.'
          ) : (
            <>
              None of your {state.targets.length.toLocaleString('en')} targets has <b>{props.query}</b> in its name,
              address, labels or logins.
            </>
          )}
        </Empty>
      </div>
    );
  }
  return props.children;
}
