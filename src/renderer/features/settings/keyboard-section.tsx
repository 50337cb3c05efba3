import { TextInput } from '@mantine/core';
import { Search } from 'lucide-react';
import { useState } from 'react';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import { keyGroups } from '../keys/key-list.ts';
import { KeyRows } from '../keys/key-rows.tsx';
import css from './settings.module.css';

/** Every action, also those without keys. */
export function KeyboardSection() {
  const { commands } = useServices();
  const known = useStore(commands.known);
  const [query, setQuery] = useState('');
  return (
    <>
      <p className={css.text}>
        Every action is in the palette too. In a running terminal all keys go to the target, but for those with a
        terminal beside them.
      </p>
      <TextInput
        className={css.search ?? ''}
        aria-label="Search actions and keys"
        placeholder="Search by action or key"
        leftSection={<Search size={14} aria-hidden="true" />}
        value={query}
        onChange={(event) => setQuery(event.currentTarget.value)}
      />
      <KeyRows groups={keyGroups(known, query, true)} />
    </>
  );
}
