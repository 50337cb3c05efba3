import { Menu } from '@mantine/core';
import { Plus, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { cx } from '../../components/primitives.tsx';
import type { Filter, FilterChoice } from './search.ts';
import css from './targets.module.css';

function words(filter: Filter): string {
  return filter.key === null ? filter.value : `${filter.key}: ${filter.value}`;
}

const shownChoices = 5;

/** Chosen labels, the commonest others with their counts, and a menu with all of them. */
export function FilterBar(props: {
  chosen: readonly Filter[];
  choices: readonly FilterChoice[];
  menuOpen: boolean;
  onMenu: (open: boolean) => void;
  onChange: (filters: Filter[]) => void;
  /** At the bar's end. */
  children?: ReactNode;
}) {
  const { chosen, choices } = props;
  const add = ({ key, value }: Filter) => props.onChange([...chosen, { key, value }]);
  if (chosen.length === 0 && choices.length === 0) return <div className={css.filters}>{props.children}</div>;
  return (
    <fieldset className={css.filters} style={{ border: 0, padding: 0, minWidth: 0 }} aria-label="Filters">
      {chosen.map((filter) => (
        <button
          key={words(filter)}
          type="button"
          className={cx(css.filter, css.filterOn)}
          aria-label={`Remove the filter ${words(filter)}`}
          onClick={() => props.onChange(chosen.filter((other) => other !== filter))}
        >
          {words(filter)}
          <X size={12} strokeWidth={2} aria-hidden="true" />
        </button>
      ))}
      {choices.slice(0, shownChoices).map((choice) => (
        <button
          key={words(choice)}
          type="button"
          className={css.filter}
          title={words(choice)}
          onClick={() => add(choice)}
        >
          {choice.value}
          <span className={css.filterCount}>{choice.count}</span>
        </button>
      ))}
      {choices.length === 0 ? null : (
        <Menu opened={props.menuOpen} onChange={props.onMenu} position="bottom-start">
          <Menu.Target>
            <button type="button" className={css.addLabel}>
              <Plus size={13} strokeWidth={1.8} aria-hidden="true" />
              Label
            </button>
          </Menu.Target>
          <Menu.Dropdown mah={360} style={{ overflowY: 'auto' }}>
            {choices.slice(0, 60).map((choice) => (
              <Menu.Item
                key={words(choice)}
                onClick={() => add(choice)}
                rightSection={<span className={css.filterCount}>{choice.count}</span>}
              >
                {words(choice)}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
      {props.children}
    </fieldset>
  );
}
