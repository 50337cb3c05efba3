import { cx } from '../../components/primitives.tsx';
import { testIds } from '../../test-ids.ts';
import css from './first-run.module.css';

const places = [0, 1, 2, 3, 4, 5, 6, 7] as const;

/** Only what can be in a code, at most eight characters: pasting with spaces and dashes works. */
export function codeCharacters(text: string): string {
  return text
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, '')
    .slice(0, 8);
}

/** Eight arches that show one ordinary text field: a screen reader and a password manager meet only the field. */
export function CodeField(props: {
  id: string;
  value: string;
  bad: boolean;
  describedBy: string;
  onChange: (code: string) => void;
}) {
  const { value } = props;
  return (
    <div className={css.code}>
      <input
        id={props.id}
        className={css.codeInput}
        value={value}
        autoComplete="off"
        autoCapitalize="characters"
        spellCheck={false}
        maxLength={40}
        aria-describedby={props.describedBy}
        aria-invalid={props.bad}
        data-testid={testIds.firstRunInvite}
        // biome-ignore lint/a11y/noAutofocus: the only field of the only thing to do
        autoFocus={true}
        onChange={(event) => props.onChange(codeCharacters(event.currentTarget.value))}
        onSelect={(event) => {
          // The caret stands behind the last character, where the boxes show it.
          const field = event.currentTarget;
          if (field.selectionStart !== field.value.length)
            field.setSelectionRange(field.value.length, field.value.length);
        }}
      />
      {places.flatMap((place) => [
        place === 4 ? <span key="dash" className={css.dash} aria-hidden="true" /> : null,
        <span
          key={place}
          className={cx(
            css.box,
            props.bad && css.boxBad,
            place === Math.min(7, value.length) && value.length < 8 && css.boxNow,
          )}
          aria-hidden="true"
        >
          {value[place] ?? ''}
        </span>,
      ])}
    </div>
  );
}
