import { Button } from '@mantine/core';
import { useEffect } from 'react';
import type { AppState } from '../../../shared/protocol/ipc.ts';
import { Dialog } from '../../components/dialog.tsx';
import { Keys } from '../../components/primitives.tsx';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import { testIds } from '../../test-ids.ts';
import css from './backlog.module.css';
import { BacklogRows } from './backlog-rows.tsx';
import { backlogWords } from './backlog-words.ts';

function Content(props: { state: AppState; onClose: () => void }) {
  const { app, recordings } = useServices();
  const { local } = useStore(recordings.state);
  const { title, text } = backlogWords(props.state, local);
  const waiting = local.some((item) => item.state !== 'running');
  const { recordings: count, bytes } = props.state.backlog;

  // The count goes on while the panel is open; the rows follow it.
  // biome-ignore lint/correctness/useExhaustiveDependencies(count): a change of it is a reason to look again
  // biome-ignore lint/correctness/useExhaustiveDependencies(bytes): so is one of these
  useEffect(() => void recordings.load(), [recordings, count, bytes]);

  return (
    <div className={css.panel} data-testid={testIds.backlogPanel}>
      <h2 className={css.title}>{title}</h2>
      <p className={css.text} aria-live="polite">
        {text} They lie here encrypted until the store has confirmed them.
      </p>
      <BacklogRows local={local} offline={props.state.connection.state === 'offline'} />
      <div className={css.actions}>
        {waiting ? (
          <Button variant="filled" data-autofocus data-testid={testIds.backlogRetry} onClick={() => app.retry()}>
            Try now
          </Button>
        ) : null}
        <Button data-autofocus={waiting ? undefined : true} onClick={props.onClose} rightSection={<Keys of="Escape" />}>
          Close
        </Button>
      </div>
    </div>
  );
}

/** What of recordings is still on this device, why, and what to do. */
export function BacklogPanel(props: { state: AppState }) {
  const { navigation } = useServices();
  const { dialog } = useStore(navigation.place);
  const close = () => navigation.setDialog(null);
  return (
    <Dialog opened={dialog === 'backlog'} onClose={close} aria-label="Recordings to send" size={600}>
      <Content state={props.state} onClose={close} />
    </Dialog>
  );
}
