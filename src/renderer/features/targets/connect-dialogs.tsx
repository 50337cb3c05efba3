import { Button } from '@mantine/core';
import { Dialog } from '../../components/dialog.tsx';
import { ErrorCard } from '../../components/primitives.tsx';
import { detailsOf } from '../../errors/words.ts';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import { testIds } from '../../test-ids.ts';
import { ConnectDialog } from './connect-dialog.tsx';

/** What a connect asks, and why one did not begin: nothing has opened that could say it. Mounted once, for whoever begins a connect. */
export function ConnectDialogs() {
  const { app, connect } = useServices();
  const { ask, last, failed } = useStore(connect.state);
  const title = failed === null ? '' : `Cannot connect to ${failed.target.name}`;
  return (
    <>
      <ConnectDialog ask={ask} last={last} onAnswer={connect.answer} onCancel={connect.cancel} />
      <Dialog opened={failed !== null} onClose={connect.dismiss} size={520} aria-label={title}>
        {failed === null ? null : (
          <ErrorCard
            title={title}
            problem={failed.problem}
            testId={testIds.connectError}
            onCopy={() => void app.copy(detailsOf(title, failed.problem))}
            action={
              <Button data-autofocus onClick={connect.dismiss}>
                Close
              </Button>
            }
          />
        )}
      </Dialog>
    </>
  );
}
