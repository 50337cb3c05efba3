import { Button, Switch, TextInput } from '@mantine/core';
import { X } from 'lucide-react';
import { useId, useState } from 'react';
import type { Settings } from '../../../shared/protocol/ipc.ts';
import { cx } from '../../components/primitives.tsx';
import { toneFill } from '../../components/tone.ts';
import { SettingRow } from './setting-row.tsx';
import css from './settings.module.css';
import { useSetting } from './use-setting.ts';

type Word = Settings['highlightWords'][number];

const tones: readonly { tone: Word['tone']; name: string }[] = [
  { tone: 'strict', name: 'vermilion' },
  { tone: 'press', name: 'ochre' },
  { tone: 'accent', name: 'verdigris' },
  { tone: 'held', name: 'ice' },
];

function nextTone(tone: Word['tone']): Word['tone'] {
  return tones[(tones.findIndex((each) => each.tone === tone) + 1) % tones.length]?.tone ?? 'strict';
}

function WordChip(props: { word: Word; locked: boolean; onChange: (word: Word) => void; onRemove: () => void }) {
  const { word, locked } = props;
  const colour = tones.find((each) => each.tone === word.tone)?.name ?? '';
  return (
    <li className={cx(css.word, toneFill(word.tone))}>
      <button
        type="button"
        className={css.wordButton}
        disabled={locked}
        title={locked ? undefined : 'Another colour'}
        onClick={() => props.onChange({ ...word, tone: nextTone(word.tone) })}
      >
        {word.word}
        <span className="visually-hidden">, {colour}: another colour</span>
      </button>
      {locked ? null : (
        <button type="button" className={css.wordButton} aria-label={`Remove ${word.word}`} onClick={props.onRemove}>
          <X size={12} strokeWidth={1.8} aria-hidden="true" />
        </button>
      )}
    </li>
  );
}

/** Words that are coloured in a terminal's output, and the editor of them. */
export function HighlightWords() {
  const on = useSetting('highlight');
  const words = useSetting('highlightWords');
  const titleId = useId();
  const [text, setText] = useState('');
  const wanted = text.trim();
  const there = words.value.some(({ word }) => word.toLowerCase() === wanted.toLowerCase());
  const locked = words.fixedBy !== null;
  const full = words.value.length >= 40;
  const add = () => {
    if (wanted === '' || there || full) return;
    words.set([...words.value, { word: wanted.slice(0, 60), tone: 'press' }]);
    setText('');
  };
  return (
    <>
      <SettingRow
        title="Colour words in output"
        help="Only where the program gave them no colour of its own. The record is not changed by it."
        fixedBy={on.fixedBy ?? words.fixedBy}
        titleId={titleId}
      >
        <Switch
          aria-labelledby={titleId}
          checked={on.value}
          disabled={on.fixedBy !== null}
          onChange={(event) => on.set(event.currentTarget.checked)}
        />
      </SettingRow>
      {on.value ? (
        <div className={css.words}>
          <ul className={css.wordList} aria-label="Coloured words">
            {words.value.map((word, at) => (
              <WordChip
                key={word.word}
                word={word}
                locked={locked}
                onChange={(next) => words.set(words.value.map((each, index) => (index === at ? next : each)))}
                onRemove={() => words.set(words.value.filter((_, index) => index !== at))}
              />
            ))}
          </ul>
          {locked ? null : (
            <form
              className={css.wordAdd}
              onSubmit={(event) => {
                event.preventDefault();
                add();
              }}
            >
              <TextInput
                aria-label="Another word to colour"
                placeholder="Another word"
                maxLength={60}
                value={text}
                error={there ? 'It is there already.' : full ? 'Forty words are the most.' : undefined}
                onChange={(event) => setText(event.currentTarget.value)}
              />
              <Button type="submit" disabled={wanted === '' || there || full}>
                Add
              </Button>
            </form>
          )}
        </div>
      ) : null}
    </>
  );
}
