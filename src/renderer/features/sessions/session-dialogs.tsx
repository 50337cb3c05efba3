import { Button } from '@mantine/core';
import { Dialog } from '../../components/dialog.tsx';
import { ErrorCard } from '../../components/primitives.tsx';
import { detailsOf } from '../../errors/words.ts';
import { placeOf } from '../../services/layout/layout.ts';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import { testIds } from '../../test-ids.ts';
import { PasteGuard } from './paste-guard.tsx';
import css from './session-dialogs.module.css';

/** Closing a running session's tab ends the session; that is said first. */
function CloseDialog() {
  const { sessions, sessionUi } = useServices();
  const { closing, closingBy } = useStore(sessionUi.state);
  const asked = closingBy === 'disconnect';
  const view = closing === null ? undefined : sessions.sessions.get().get(closing.sessionId);
  return (
    <Dialog
      opened={closing !== null}
      onClose={() => sessionUi.answerClose('keep')}
      size={420}
      aria-label="End the session"
    >
      <div className={css.dialog}>
        <h2 className={css.dialogTitle}>
          {asked ? `Disconnect from ${view?.targetName}?` : `End the session on ${view?.targetName}?`}
        </h2>
        <p className={css.dialogText}>
          {asked ? 'What runs there ends.' : `What runs in it on ${view?.targetName} ends with it.`} Its record is
          closed and kept.
        </p>
        <div className={css.dialogActions}>
          <Button
            variant={asked ? 'default' : 'filled'}
            {...(asked ? {} : { 'data-autofocus': true })}
            onClick={() => sessionUi.answerClose('keep')}
          >
            Keep it open
          </Button>
          <Button
            variant={asked ? 'filled' : 'default'}
            {...(asked ? { 'data-autofocus': true } : {})}
            onClick={() => sessionUi.answerClose('disconnect')}
          >
            Disconnect
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

function ProblemDialog() {
  const { app, sessionUi } = useServices();
  const { problem } = useStore(sessionUi.state);
  return (
    <Dialog
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
    </Dialog>
  );
}

/** The questions about sessions, asked in the window where the session is. One for each window. */
export function SessionDialogs(props: { windowId: string }) {
  const { sessions, sessionUi } = useServices();
  const { paste, closing, problem } = useStore(sessionUi.state);
  const { tabs, layout } = useStore(sessions.tabs);
  const here = (sessionId: string | undefined) => {
    const tab = tabs.find((each) => each.sessionId === sessionId);
    return (tab === undefined ? layout.front : placeOf(layout, tab.key)?.window.id) === props.windowId;
  };
  return (
    <>
      {paste !== null && here(paste.sessionId) ? <PasteGuard /> : null}
      {closing !== null && here(closing.sessionId) ? <CloseDialog /> : null}
      {problem !== null && layout.front === props.windowId ? <ProblemDialog /> : null}
    </>
  );
}
