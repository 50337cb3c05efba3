import { useState } from 'react';
import type { Problem } from '../../../shared/errors/result.ts';
import type { TargetView } from '../../../shared/model/target.ts';
import { useServices } from '../../services/services.tsx';
import type { Asked } from './connect-dialog.tsx';

export interface ConnectState {
  /** What is being asked before connecting. */
  ask: { target: TargetView; login: string } | null;
  last: Asked;
  busy: boolean;
  failed: { target: TargetView; login: string; problem: Problem } | null;
  begin(target: TargetView, login: string | null): void;
  answer(asked: Asked): void;
  cancel(): void;
  dismiss(): void;
}

/** From a chosen target to an open tab, by way of the questions it needs. */
export function useConnect(): ConnectState {
  const { sessions, navigation } = useServices();
  const [ask, setAsk] = useState<ConnectState['ask']>(null);
  const [last, setLast] = useState<Asked>({ reason: null, ticket: null });
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<ConnectState['failed']>(null);

  const connect = async (target: TargetView, login: string, asked: Asked) => {
    setBusy(true);
    const problem = await sessions.connect({ targetId: target.id, login, ...asked });
    setBusy(false);
    if (problem === null) navigation.go('sessions');
    else setFailed({ target, login, problem });
  };

  return {
    ask,
    last,
    busy,
    failed,
    begin(target, wanted) {
      const login = wanted ?? (target.logins.find((candidate) => candidate.isDefault) ?? target.logins[0])?.name;
      if (login === undefined || target.lock !== null || busy) return;
      if (target.needs.length > 0) setAsk({ target, login });
      else void connect(target, login, { reason: null, ticket: null });
    },
    answer(asked) {
      if (ask === null) return;
      setLast({ reason: asked.reason ?? last.reason, ticket: asked.ticket ?? last.ticket });
      setAsk(null);
      void connect(ask.target, ask.login, asked);
    },
    cancel: () => setAsk(null),
    dismiss: () => setFailed(null),
  };
}
