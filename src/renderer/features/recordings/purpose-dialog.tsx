import { Button, Modal, TextInput } from '@mantine/core';
import { CornerDownLeft } from 'lucide-react';
import { useState } from 'react';
import type { RecordingView } from '../../../shared/model/recording.ts';
import { testIds } from '../../test-ids.ts';
import css from './recordings.module.css';

function Form(props: { recording: RecordingView; onOpen: (purpose: string) => void; onCancel: () => void }) {
  const [purpose, setPurpose] = useState('Review');
  const ready = purpose.trim() !== '';
  return (
    <form
      className={css.dialog}
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) props.onOpen(purpose.trim());
      }}
    >
      <h2 className={css.dialogTitle}>
        Open the session of {props.recording.user.name} on {props.recording.target.name}?
      </h2>
      <TextInput
        label="Purpose"
        description="Opening someone’s recording is written to the audit, with this purpose."
        maxLength={300}
        value={purpose}
        data-autofocus={true}
        data-testid={testIds.replayPurpose}
        onFocus={(event) => event.currentTarget.select()}
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

/** Another person's recording is opened for a purpose. */
export function PurposeDialog(props: {
  recording: RecordingView | null;
  onOpen: (purpose: string) => void;
  onCancel: () => void;
}) {
  return (
    <Modal opened={props.recording !== null} onClose={props.onCancel} size={460} aria-label="Purpose">
      {props.recording === null ? null : (
        <Form
          key={props.recording.sessionId}
          recording={props.recording}
          onOpen={props.onOpen}
          onCancel={props.onCancel}
        />
      )}
    </Modal>
  );
}
