import { Button, TextInput } from '@mantine/core';
import { CornerDownLeft } from 'lucide-react';
import { useState } from 'react';
import { Dialog } from '../../components/dialog.tsx';
import { testIds } from '../../test-ids.ts';
import css from './records.module.css';
import type { Openable } from './use-open-recording.tsx';

function Form(props: { asking: Openable; last: string; onOpen: (purpose: string) => void; onCancel: () => void }) {
  const [purpose, setPurpose] = useState(props.last);
  const [missed, setMissed] = useState(false);
  const ready = purpose.trim() !== '';
  return (
    <form
      className={css.dialog}
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) props.onOpen(purpose.trim());
        else setMissed(true);
      }}
    >
      <h2 className={css.dialogTitle}>
        Open the session of {props.asking.user?.name} on {props.asking.targetName}?
      </h2>
      <TextInput
        label="Purpose"
        description="Opening someone’s recording is written to the audit, with this purpose."
        maxLength={300}
        value={purpose}
        placeholder="What you open it for, such as a ticket"
        error={missed && !ready ? 'Write what you open it for: it cannot be opened without a purpose.' : null}
        data-autofocus={true}
        // The last purpose is a proposal: what is typed takes its place.
        onFocus={(event) => event.currentTarget.select()}
        data-testid={testIds.replayPurpose}
        // A form does not submit itself while its button is disabled, so Enter is heard here.
        onKeyDown={(event) => {
          if (event.key === 'Enter' && !ready) setMissed(true);
        }}
        onChange={(event) => setPurpose(event.currentTarget.value)}
      />
      <div className={css.dialogActions}>
        <Button
          type="submit"
          variant="filled"
          disabled={!ready}
          data-testid={testIds.replayPurposeOpen}
          rightSection={<CornerDownLeft size={12} strokeWidth={2} aria-hidden="true" />}
        >
          Open
        </Button>
        <Button variant="subtle" onClick={props.onCancel}>
          Cancel
        </Button>
      </div>
    </form>
  );
}

/** Another person's recording is opened for a purpose. `last`: the purpose before, which stands there to be taken again. */
export function PurposeDialog(props: {
  asking: Openable | null;
  last: string;
  onOpen: (purpose: string) => void;
  onCancel: () => void;
}) {
  return (
    <Dialog opened={props.asking !== null} onClose={props.onCancel} size={460} aria-label="Purpose">
      {props.asking === null ? null : (
        <Form
          key={props.asking.sessionId}
          asking={props.asking}
          last={props.last}
          onOpen={props.onOpen}
          onCancel={props.onCancel}
        />
      )}
    </Dialog>
  );
}
