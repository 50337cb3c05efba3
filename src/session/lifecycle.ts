import { assertNever } from '../shared/errors/result.ts';
import type { EndReason, SessionState } from '../shared/model/session.ts';

/**
 * The states of a session (architecture.md): requested -> authorised -> connecting -> open <-> frozen -> closing -> ended. Pure: what follows from
 * a state is done at the edge, in session.ts. Nothing leads out of `closing` but its end, and the first reason to end stands.
 */
export interface Lifecycle {
  state: SessionState;
  /** Set from `closing` on. */
  reason: EndReason | null;
}

export type LifecycleEvent =
  | { type: 'authorised' }
  | { type: 'step'; step: 'reaching' | 'host-key' | 'login' | 'shell' }
  | { type: 'opened' }
  | { type: 'frozen'; why: 'lease'; endsAtMs: number | null }
  | { type: 'thawed' }
  | { type: 'end'; reason: EndReason }
  | { type: 'sealed' };

export const requested: Lifecycle = { state: { state: 'requested' }, reason: null };

/** The next state; the same object when the event changes nothing or is not possible now. */
export function advance(current: Lifecycle, event: LifecycleEvent): Lifecycle {
  const at = current.state.state;
  switch (event.type) {
    case 'authorised':
      return at === 'requested' ? to({ state: 'authorised' }) : current;
    case 'step':
      return at === 'authorised' || at === 'connecting' ? to({ state: 'connecting', step: event.step }) : current;
    case 'opened':
      return at === 'connecting' ? to({ state: 'open' }) : current;
    case 'frozen':
      return at === 'open' || at === 'frozen'
        ? to({ state: 'frozen', why: event.why, endsAtMs: event.endsAtMs })
        : current;
    case 'thawed':
      return at === 'frozen' ? to({ state: 'open' }) : current;
    case 'end':
      return at === 'closing' || at === 'ended' ? current : { state: { state: 'closing' }, reason: event.reason };
    case 'sealed':
      return at === 'closing' && current.reason !== null
        ? { state: { state: 'ended', reason: current.reason }, reason: current.reason }
        : current;
    default:
      return assertNever(event);
  }
}

function to(state: SessionState): Lifecycle {
  return { state, reason: null };
}

/** Whether what is typed may go to the target. */
export function inputPasses(current: Lifecycle): boolean {
  return current.state.state === 'open';
}

/** Whether what the target says may go to the screen: a session without a lease still shows what was already on its way. */
export function outputPasses(current: Lifecycle): boolean {
  return current.state.state === 'open' || current.state.state === 'frozen';
}
