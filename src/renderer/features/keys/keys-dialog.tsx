import { Button, TextInput } from '@mantine/core';
import { Search, SquareTerminal } from 'lucide-react';
import { useState } from 'react';
import { Dialog } from '../../components/dialog.tsx';
import { Keys } from '../../components/primitives.tsx';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import { testIds } from '../../test-ids.ts';
import { keyGroups } from './key-list.ts';
import { KeyRows } from './key-rows.tsx';
import css from './keys.module.css';

function Content(props: { onClose: () => void }) {
  const { commands } = useServices();
  const known = useStore(commands.known);
  const [query, setQuery] = useState('');
  return (
    <div className={css.dialog} data-testid={testIds.keysDialog}>
      <div className={css.head}>
        <h2 className={css.title}>All keys</h2>
        <TextInput
          className={css.search ?? ''}
          aria-label="Search keys"
          placeholder="Search by action or key"
          leftSection={<Search size={14} aria-hidden="true" />}
          value={query}
          data-autofocus
          data-testid={testIds.keysSearch}
          onChange={(event) => setQuery(event.currentTarget.value)}
        />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached from the keyboard */}
      <section className={css.scroll} tabIndex={0} aria-label="Keys by view">
        <KeyRows groups={keyGroups(known, query, false)} />
      </section>
      <div className={css.foot}>
        <SquareTerminal size={13} strokeWidth={1.6} aria-hidden="true" />
        works in a running terminal too; all other keys go to the target there.
        <span className={css.footEnd}>
          <Button onClick={props.onClose} rightSection={<Keys of="Escape" />}>
            Close
          </Button>
        </span>
      </div>
    </div>
  );
}

/** Every key of the window, by view. */
export function KeysDialog() {
  const { navigation } = useServices();
  const { dialog } = useStore(navigation.place);
  const close = () => navigation.setDialog(null);
  return (
    <Dialog opened={dialog === 'keys'} onClose={close} aria-label="All keys" size={860}>
      <Content onClose={close} />
    </Dialog>
  );
}
