import { Button } from '@mantine/core';
import { Dialog } from '../components/dialog.tsx';
import { counted } from '../services/format.ts';
import { useServices } from '../services/services.tsx';
import { testIds } from '../test-ids.ts';
import css from './shell.module.css';

/** Asked by main when the window closes while sessions run. */
export function QuitDialog(props: { sessions: number | null }) {
  const { app } = useServices();
  const count = props.sessions ?? 0;
  return (
    <Dialog opened={props.sessions !== null} onClose={() => app.answerQuit('stay')} aria-label="Quit" size={440}>
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
    </Dialog>
  );
}
