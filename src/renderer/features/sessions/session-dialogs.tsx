import { Button, Modal } from '@mantine/core';
import { CornerDownLeft } from 'lucide-react';
import { ErrorCard, ProductionBadge } from '../../components/primitives.tsx';
import { detailsOf } from '../../errors/words.ts';
import { pastedLines } from '../../services/paste.ts';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import { testIds } from '../../test-ids.ts';
import css from './sessions.module.css';

const shownLines = 200;

/** Many lines are shown before they reach a shell. */
export function PasteGuard() {
  const { sessions, sessionUi } = useServices();
  const { paste } = useStore(sessionUi.state);
  const view = paste === null ? undefined : sessions.sessions.get().get(paste.sessionId);
  const lines = paste === null ? [] : pastedLines(paste.text);
  return (
    <Modal opened={paste !== null} onClose={() => sessionUi.answerPaste('cancel')} size={520} aria-label="Paste">
      <form
        className={css.dialog}
        data-testid={testIds.pasteGuard}
        onSubmit={(event) => event.preventDefault()}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || !event.ctrlKey) return;
          event.preventDefault();
          event.stopPropagation();
          sessionUi.answerPaste('lines');
        }}
      >
        <h2 className={css.dialogTitle}>
          Paste {lines.length === 1 ? 'one line with its line end' : `${lines.length.toLocaleString('en')} lines`} into{' '}
          {view?.targetName}?
        </h2>
        <div className={css.lines} role="document" aria-label="What would be pasted">
          {lines.slice(0, shownLines).map((line, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the lines do not move
            <div key={index}>{line === '' ? ' ' : line}</div>
          ))}
          {lines.length > shownLines ? (
            <p className={css.dialogText}>and {(lines.length - shownLines).toLocaleString('en')} more</p>
          ) : null}
        </div>
        <div className={css.dialogActions}>
          <Button
            variant="filled"
            data-testid={testIds.pasteConfirm}
            onClick={() => sessionUi.answerPaste('lines')}
            rightSection={
              <span style={{ display: 'inline-flex', alignItems: 'center', gap: 8, fontSize: 11, fontWeight: 500 }}>
                Ctrl <CornerDownLeft size={11} strokeWidth={2} aria-label="Enter" />
              </span>
            }
          >
            Paste
          </Button>
          <Button onClick={() => sessionUi.answerPaste('one-line')}>Paste as one line</Button>
          <Button variant="subtle" data-autofocus onClick={() => sessionUi.answerPaste('cancel')}>
            Cancel
          </Button>
          <span className={css.dialogEnd}>{view?.production === true ? <ProductionBadge /> : null}</span>
        </div>
      </form>
    </Modal>
  );
}

/** Closing a running session's tab ends the session; that is said first. */
export function CloseDialog() {
  const { sessions, sessionUi } = useServices();
  const { closing } = useStore(sessionUi.state);
  const view = closing === null ? undefined : sessions.sessions.get().get(closing.sessionId);
  return (
    <Modal
      opened={closing !== null}
      onClose={() => sessionUi.answerClose('keep')}
      size={420}
      aria-label="End the session"
    >
      <div className={css.dialog}>
        <h2 className={css.dialogTitle}>End the session on {view?.targetName}?</h2>
        <p className={css.dialogText}>
          What runs in it on {view?.targetName} ends with it. Its record is closed and kept.
        </p>
        <div className={css.dialogActions}>
          <Button variant="filled" data-autofocus onClick={() => sessionUi.answerClose('keep')}>
            Keep it open
          </Button>
          <Button onClick={() => sessionUi.answerClose('disconnect')}>Disconnect</Button>
        </div>
      </div>
    </Modal>
  );
}

export function ProblemDialog() {
  const { app, sessionUi } = useServices();
  const { problem } = useStore(sessionUi.state);
  return (
    <Modal
      opened={problem !== null}
      onClose={() => sessionUi.dismissProblem()}
      size={520}
      aria-label={problem?.title ?? ''}
    >
      {problem === null ? null : (
        <ErrorCard
          title={problem.title}
          problem={problem.problem}
          testId={testIds.connectError}
          onCopy={() => void app.copy(detailsOf(problem.title, problem.problem))}
          action={
            <Button data-autofocus onClick={() => sessionUi.dismissProblem()}>
              Close
            </Button>
          }
        />
      )}
    </Modal>
  );
}
