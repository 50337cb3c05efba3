import { Button, Checkbox, TextInput } from '@mantine/core';
import { CornerDownLeft } from 'lucide-react';
import { useState } from 'react';
import type { TargetView } from '../../../shared/model/target.ts';
import { Dialog } from '../../components/dialog.tsx';
import { ProductionBadge } from '../../components/primitives.tsx';
import type { Asked } from '../../services/connect-service.ts';
import { coverMs } from '../../services/connect-service.ts';
import { clock } from '../../services/format.ts';
import { testIds } from '../../test-ids.ts';
import css from './connect-dialog.module.css';

function Form(props: {
  target: TargetView;
  login: string;
  last: Asked;
  onAnswer: (asked: Asked, cover: boolean) => void;
  onCancel: () => void;
}) {
  const needsReason = props.target.needs.includes('reason');
  const needsTicket = props.target.needs.includes('ticket');
  const [reason, setReason] = useState(needsReason ? (props.last.reason ?? '') : '');
  const [ticket, setTicket] = useState(needsTicket ? (props.last.ticket ?? '') : '');
  const [cover, setCover] = useState(false);
  const [until] = useState(() => clock(Date.now() + coverMs));
  const ready = (!needsReason || reason.trim() !== '') && (!needsTicket || ticket.trim() !== '');
  return (
    <form
      className={css.dialog}
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) props.onAnswer({ reason: reason.trim() || null, ticket: ticket.trim() || null }, cover);
      }}
    >
      <div className={css.dialogHead}>
        <h2 className={css.dialogTitle}>
          {props.target.name} as {props.login}
        </h2>
        {props.target.production ? <ProductionBadge /> : null}
      </div>
      <div className={css.fields}>
        {needsTicket ? (
          <TextInput
            label="Ticket"
            placeholder="INC-20418"
            maxLength={100}
            value={ticket}
            data-autofocus={true}
            data-testid={testIds.connectTicket}
            onChange={(event) => setTicket(event.currentTarget.value)}
          />
        ) : null}
        {needsReason ? (
          <TextInput
            label="Reason"
            description="Kept with the recording. Reviewers read it first."
            maxLength={500}
            value={reason}
            data-autofocus={needsTicket ? undefined : true}
            data-testid={testIds.connectReason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
        ) : null}
      </div>
      <Checkbox
        className={css.cover ?? ''}
        size="sm"
        checked={cover}
        label={`Use it for other targets until ${until}`}
        onChange={(event) => setCover(event.currentTarget.checked)}
      />
      <div className={css.dialogActions}>
        <Button
          type="submit"
          variant="filled"
          disabled={!ready}
          data-testid={testIds.connectConfirm}
          rightSection={<CornerDownLeft size={12} strokeWidth={2} aria-hidden="true" />}
        >
          Connect
        </Button>
        <Button variant="subtle" onClick={props.onCancel}>
          Cancel
        </Button>
      </div>
    </form>
  );
}

/** Asks for what connecting needs. The last answer is offered again: one reason and ticket for a morning's work. */
export function ConnectDialog(props: {
  ask: { target: TargetView; login: string } | null;
  last: Asked;
  onAnswer: (asked: Asked, cover: boolean) => void;
  onCancel: () => void;
}) {
  return (
    <Dialog opened={props.ask !== null} onClose={props.onCancel} size={440} aria-label="What connecting needs">
      {props.ask === null ? null : (
        <Form
          key={`${props.ask.target.id} ${props.ask.login}`}
          target={props.ask.target}
          login={props.ask.login}
          last={props.last}
          onAnswer={props.onAnswer}
          onCancel={props.onCancel}
        />
      )}
    </Dialog>
  );
}
