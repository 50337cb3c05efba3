import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react';
import { cx } from '../../components/primitives.tsx';
import { testIds } from '../../test-ids.ts';
import { type FilterChoice, filterChoices, type Names } from './filter-choices.ts';
import css from './records.module.css';

const listId = 'filter-choices';
const optionId = (id: string) => `filter-${id.replaceAll(/[^\w-]+/g, '-')}`;

/** Every filter behind one field: a day, a name, a length or a state is typed, Enter sets it. */
export function FilterPicker(props: {
  names: Names;
  mine: boolean;
  now: number;
  onPick: (choice: FilterChoice) => void;
  onClose: () => void;
}) {
  const { names, mine, now, onClose } = props;
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const choices = useMemo(() => filterChoices(text, names, mine, now), [text, names, mine, now]);
  const chosen = choices[Math.min(at, choices.length - 1)];

  useEffect(() => {
    const away = (event: PointerEvent) => {
      if (event.target instanceof Node && box.current?.contains(event.target) !== true) onClose();
    };
    window.addEventListener('pointerdown', away, true);
    return () => window.removeEventListener('pointerdown', away, true);
  }, [onClose]);

  useEffect(() => {
    if (chosen !== undefined) document.getElementById(optionId(chosen.id))?.scrollIntoView({ block: 'nearest' });
  }, [chosen]);

  const onKey = (event: KeyboardEvent<HTMLInputElement>) => {
    const last = choices.length - 1;
    if (event.key === 'ArrowDown') setAt(at >= last ? 0 : at + 1);
    else if (event.key === 'ArrowUp') setAt(at <= 0 ? last : at - 1);
    else if (event.key === 'Enter' && chosen !== undefined) props.onPick(chosen);
    else if (event.key === 'Escape' || event.key === 'Tab') onClose();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div ref={box} className={css.picker}>
      <input
        // The field is there because the person asked for it just now.
        // biome-ignore lint/a11y/noAutofocus: see above
        autoFocus={true}
        className={css.pickerInput}
        type="text"
        role="combobox"
        aria-label="Filter by"
        aria-expanded="true"
        aria-autocomplete="list"
        aria-controls={listId}
        aria-activedescendant={chosen === undefined ? undefined : optionId(chosen.id)}
        placeholder={mine ? 'last week, 20 Nov, March, a target' : 'last week, 20 Nov, a name, over 10 min, killed'}
        spellCheck={false}
        autoComplete="off"
        maxLength={100}
        value={text}
        data-testid={testIds.filterText}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKey}
      />
      <div id={listId} role="listbox" tabIndex={-1} aria-label="Filters" className={css.pickerList}>
        {choices.map((choice, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field keeps the focus and handles the keys
          <div
            key={choice.id}
            id={optionId(choice.id)}
            role="option"
            tabIndex={-1}
            aria-selected={choice === chosen}
            className={cx(css.pickerRow, choice === chosen && css.pickerRowOn)}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => props.onPick(choice)}
          >
            <span className={css.pickerGroup}>
              {choices[index - 1]?.group === choice.group ? (
                <span className="visually-hidden">{choice.group}</span>
              ) : (
                choice.group
              )}
            </span>
            <span className={css.pickerWords}>{choice.words}</span>
            {choice.count === null ? null : <span className={css.pickerCount}>{choice.count}</span>}
          </div>
        ))}
        {choices.length === 0 ? <p className={css.pickerNone}>Nothing to filter by has these words.</p> : null}
      </div>
    </div>
  );
}
