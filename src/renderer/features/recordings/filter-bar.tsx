import { History, Plus, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { cx, Keys } from '../../components/primitives.tsx';
import { testIds } from '../../test-ids.ts';
import { type FilterChoice, quickChoices } from './filter-choices.ts';
import { chipsOf, type Filters, narrowsSearch, without } from './filters.ts';
import css from './records.module.css';

/** What is set, the commonest others, the way to all of them, and what was searched for before. */
export function FilterBar(props: {
  filters: Filters;
  mine: boolean;
  /** A search in text is shown: it heeds only some of them. */
  inText: boolean;
  now: number;
  /** Searches from before, newest first; none are offered while there is a text. */
  searches: readonly string[];
  onSearch: (text: string) => void;
  onChange: (filters: Filters) => void;
  picker: ReactNode;
  onPick: () => void;
}) {
  const { filters, mine, now } = props;
  const chips = chipsOf(filters, now);
  const choices: FilterChoice[] = quickChoices(filters, mine, now);
  const heeded = choices.filter(
    (choice) => !props.inText || Object.keys(choice.set).every((key) => narrowsSearch(key as keyof Filters)),
  );
  return (
    <fieldset className={css.filters} aria-label="Filters">
      {chips.map(({ key, words }) => {
        const idle = (props.inText && !narrowsSearch(key)) || (!props.inText && key === 'kind');
        return (
          <button
            key={key}
            type="button"
            className={cx(css.filter, css.filterOn, idle && css.filterIdle)}
            aria-label={`Remove the filter ${words}`}
            title={idle ? (key === 'kind' ? 'Narrows a search' : 'A search in text does not heed this one') : undefined}
            data-testid={testIds.filterChip}
            onClick={() => props.onChange(without(filters, key))}
          >
            {words}
            <X size={12} strokeWidth={2} aria-hidden="true" />
          </button>
        );
      })}
      {heeded.map((choice) => (
        <button
          key={choice.id}
          type="button"
          className={css.filter}
          onClick={() => props.onChange({ ...filters, ...choice.set })}
        >
          {choice.words}
        </button>
      ))}
      <span className={css.pickerPlace}>
        <button type="button" className={css.addFilter} data-testid={testIds.addFilter} onClick={props.onPick}>
          <Plus size={13} strokeWidth={1.8} aria-hidden="true" />
          Filter
          <Keys of="#" />
        </button>
        {props.picker}
      </span>
      {props.searches.length === 0 ? null : (
        <span className={css.searches}>
          <History size={13} strokeWidth={1.7} aria-hidden="true" />
          <span className="visually-hidden">Searches from before</span>
          {props.searches.slice(0, 3).map((text) => (
            <button key={text} type="button" className={css.earlier} title={text} onClick={() => props.onSearch(text)}>
              {text}
            </button>
          ))}
        </span>
      )}
    </fieldset>
  );
}
