import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Problem } from '../../../shared/errors/result.ts';
import { Empty, ErrorCard } from '../../components/primitives.tsx';
import { detailsOf, titleOf } from '../../errors/words.ts';
import { useServices } from '../../services/services.tsx';
import css from './records.module.css';

const skeleton = [420, 380, 460, 400, 440, 360] as const;

export type BodyState =
  | { is: 'loading'; what: string }
  | { is: 'problem'; problem: Problem }
  | { is: 'empty' }
  | { is: 'filtered' }
  | { is: 'not-found'; text: string }
  | { is: 'list' };

/** The list, or why there is none. */
export function RecordBody(props: {
  state: BodyState;
  mine: boolean;
  onRetry: () => void;
  onClear: () => void;
  children: ReactNode;
}) {
  const { app } = useServices();
  const { state, mine } = props;
  switch (state.is) {
    case 'loading':
      return (
        <div className={css.loading} role="status" aria-busy="true" aria-label={state.what}>
          {skeleton.map((width) => (
            <div key={width} className={css.loadingRow}>
              <span style={{ width }} />
            </div>
          ))}
        </div>
      );
    case 'problem': {
      const title = titleOf(state.problem.code);
      return (
        <div className={css.centre}>
          <ErrorCard
            title={title}
            problem={state.problem}
            onCopy={() => void app.copy(detailsOf(title, state.problem))}
            action={
              <Button variant="filled" onClick={props.onRetry}>
                Try again
              </Button>
            }
          />
        </div>
      );
    }
    case 'empty':
      return (
        <div className={css.centre}>
          <Empty title={mine ? 'No sessions of yours yet' : 'No recordings yet'}>
            {mine
              ? 'Every session of yours is recorded. The first one you open appears here a moment later, with what you typed and what was shown.'
              : 'Every session is recorded, and appears here a moment after it was opened, if a rule lets you see it. If you miss one, ask whoever keeps the access rules, and name the person and the target.'}
          </Empty>
        </div>
      );
    case 'filtered':
      return (
        <div className={css.centre}>
          <Empty
            title={mine ? 'No session matches' : 'No recording matches'}
            actions={<Button onClick={props.onClear}>Clear search and filters</Button>}
          >
            {mine ? 'None of your sessions' : 'No recording that you may see'} has all of this. A day may be wider, a
            name shorter.
          </Empty>
        </div>
      );
    case 'not-found':
      return (
        <div className={css.centre}>
          <Empty title="Nothing was found" actions={<Button onClick={props.onClear}>Clear search and filters</Button>}>
            No line that {mine ? 'you typed or were shown' : 'was typed or shown'} has all of <b>{state.text}</b>.
          </Empty>
        </div>
      );
    case 'list':
      return props.children;
  }
}
