import { Button } from '@mantine/core';
import { Keys } from '../components/primitives.tsx';
import { useServices } from '../services/services.tsx';
import { useStore } from '../services/store.ts';
import { testIds } from '../test-ids.ts';
import css from './shell.module.css';

const hint = 'first-keys';

/** The three keys that a new person needs, in one quiet line until it is put away. */
export function HintLine() {
  const { memory } = useServices();
  const { hintsSeen } = useStore(memory.state);
  if (hintsSeen.includes(hint)) return null;
  return (
    <div className={css.hint} data-testid={testIds.hint}>
      <span className={css.hintWords}>
        Type to find a target, <Keys of="Enter" /> connects. <Keys of="Ctrl K" /> goes anywhere, <Keys of="F1" /> shows
        all keys.
      </span>
      <Button
        variant="subtle"
        size="compact-sm"
        // The search keeps the focus.
        onMouseDown={(event) => event.preventDefault()}
        onClick={() => memory.change({ hintsSeen: [...hintsSeen, hint] })}
      >
        Put away
      </Button>
    </div>
  );
}
