import { Button, Modal } from '@mantine/core';
import { Fragment } from 'react';
import { Keys } from '../components/primitives.tsx';
import { counted } from '../services/format.ts';
import { useServices } from '../services/services.tsx';
import { useStore } from '../services/store.ts';
import { testIds } from '../test-ids.ts';
import css from './shell.module.css';

/** Asked by main when the window closes while sessions run. */
export function QuitDialog(props: { sessions: number | null }) {
  const { app } = useServices();
  const count = props.sessions ?? 0;
  return (
    <Modal
      opened={props.sessions !== null}
      onClose={() => app.answerQuit('stay')}
      title={undefined}
      aria-label="Quit"
      size={440}
    >
      <div className={css.dialog} data-testid={testIds.quitDialog}>
        <h2 className={css.dialogTitle}>Quit while {counted(count, 'session runs', 'sessions run')}?</h2>
        <p className={css.dialogText}>
          {count === 1 ? 'It ends now. Its record is' : 'They end now. Their records are'} closed and kept; what is not
          sent yet goes with the next start.
        </p>
        <div className={css.dialogActions}>
          <Button variant="filled" data-autofocus data-testid={testIds.quitStay} onClick={() => app.answerQuit('stay')}>
            Stay
          </Button>
          <Button data-testid={testIds.quitConfirm} onClick={() => app.answerQuit('quit')}>
            End {count === 1 ? 'it' : 'them'} and quit
          </Button>
        </div>
      </div>
    </Modal>
  );
}

const groups: readonly { name: string; keys: readonly (readonly [string, string])[] }[] = [
  {
    name: 'Everywhere',
    keys: [
      ['Ctrl Shift 1', 'Targets'],
      ['Ctrl Shift 2', 'Sessions'],
      ['Ctrl Shift 3', 'Recordings'],
      ['Ctrl Shift T', 'New session'],
      ['Ctrl Shift L', 'Dark or light'],
      ['Ctrl ,', 'Settings'],
      ['Ctrl Shift H', 'All keys'],
      ['F1', 'All keys, outside a terminal'],
    ],
  },
  {
    name: 'Targets',
    keys: [
      ['↑ ↓', 'Choose'],
      ['↵', 'Connect with the default login'],
      ['→', 'Other logins'],
      ['#', 'Filter by label'],
      ['Ctrl .', 'Details'],
      ['Esc', 'Clear the search'],
    ],
  },
  {
    name: 'Sessions',
    keys: [
      ['Ctrl Tab', 'Next tab'],
      ['Ctrl Shift Tab', 'Previous tab'],
      ['Ctrl 1', 'First tab, and so on to 9'],
      ['Ctrl Shift F', 'Find'],
      ['↵', 'Earlier hit, while finding'],
      ['Shift ↵', 'Later hit, while finding'],
      ['Ctrl Shift C', 'Copy'],
      ['Ctrl Shift V', 'Paste'],
      ['Ctrl + -', 'Text size, 0 resets'],
      ['Ctrl Shift X', 'Disconnect'],
      ['Ctrl Shift ↑', 'Leave the terminal, to the tabs'],
      ['Ctrl ↵', 'Reconnect, when it has ended'],
      ['Ctrl Shift R', 'Replay, when it has ended'],
      ['Ctrl W', 'Close the tab, when it has ended'],
    ],
  },
  {
    name: 'Replay',
    keys: [
      ['Space', 'Play or pause'],
      ['← →', 'Back or on by 5 s'],
      ['Home End', 'Start, end'],
      ['< >', 'Slower, faster'],
      ['I', 'Skip idle time'],
      ['Esc', 'Back to the list'],
    ],
  },
];

export function KeysDialog() {
  const { navigation } = useServices();
  const { dialog } = useStore(navigation.place);
  return (
    <Modal opened={dialog === 'keys'} onClose={() => navigation.setDialog(null)} aria-label="All keys" size={640}>
      <div className={css.dialog}>
        <h2 className={css.dialogTitle}>All keys</h2>
        <div className={css.keyList}>
          {groups.map((group) => (
            <Fragment key={group.name}>
              <h3 className={css.keyGroup}>{group.name}</h3>
              {group.keys.map(([keys, what]) => (
                <div key={what} className={css.keyRow}>
                  <span>{what}</span>
                  <Keys of={keys} />
                </div>
              ))}
            </Fragment>
          ))}
        </div>
        <div className={css.dialogActions}>
          <Button data-autofocus onClick={() => navigation.setDialog(null)}>
            Close
          </Button>
        </div>
      </div>
    </Modal>
  );
}
