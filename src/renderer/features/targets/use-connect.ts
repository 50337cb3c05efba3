import { useState } from 'react';
import type { Problem } from '../../../shared/errors/result.ts';
import type { TargetView } from '../../../shared/model/target.ts';
import { whenInSentence } from '../../services/format.ts';
import { useServices } from '../../services/services.tsx';
import type { Asked } from './connect-dialog.tsx';
import { defaultLogin } from './search.ts';

export interface ConnectState {
  /** What is being asked before connecting. */
  ask: { target: TargetView; login: string } | null;
  last: Asked;
  busy: boolean;
  failed: { target: TargetView; problem: Problem } | null;
  begin(target: TargetView, login: string | null): void;
  answer(asked: Asked): void;
  cancel(): void;
  dismiss(): void;
}

/** Why connecting to this target cannot begin, by what the list says already; null when it can. */
function barTo(target: TargetView, login: string | undefined): Problem | null {
  if (target.logins.length === 0) {
    return {
      code: 'SP-2002',
      message: `You may see ${target.name} but no access rule gives you a login there. Ask ${target.owner ?? 'whoever runs Sallyport for you'} if you need one.`,
    };
  }
  if (target.lock === null) {
    if (target.logins.find((each) => each.name === login)?.needsApproval !== true) return null;
    return {
      code: 'SP-2006',
      message: `Connecting to ${target.name} as ${login} needs an approval that you do not have now. Ask whoever runs Sallyport for you to enter your request: sallyport request ${target.name} --login ${login} --for 2h --reason "..."`,
    };
  }
  const { by, at, reason } = target.lock;
  return {
    code: 'SP-2003',
    message: `${target.name} was locked for you by ${by}, ${whenInSentence(Date.parse(at), Date.now())}: “${reason}”. It stays so until an analyst lifts the lock.`,
  };
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
    else setFailed({ target, problem });
  };

  return {
    ask,
    last,
    busy,
    failed,
    begin(target, wanted) {
      if (busy) return;
      const login = wanted ?? defaultLogin(target)?.name;
      const problem = barTo(target, login);
      if (login === undefined || problem !== null) {
        if (problem !== null) setFailed({ target, problem });
        return;
      }
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
