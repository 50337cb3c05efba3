import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EndReason, SessionState } from '../shared/model/session.ts';
import { advance, inputPasses, type Lifecycle, type LifecycleEvent, outputPasses, requested } from './lifecycle.ts';

const lost: EndReason = { kind: 'disconnected', by: 'network' };
const person: EndReason = { kind: 'disconnected', by: 'person' };
type Name = SessionState['state'];

const states: Record<Name, Lifecycle> = {
  requested,
  authorised: { state: { state: 'authorised' }, reason: null },
  connecting: { state: { state: 'connecting', step: 'login' }, reason: null },
  open: { state: { state: 'open' }, reason: null },
  frozen: { state: { state: 'frozen', why: 'lease', endsAtMs: 5 }, reason: null },
  closing: { state: { state: 'closing' }, reason: lost },
  ended: { state: { state: 'ended', reason: lost }, reason: lost },
};
const events: Record<LifecycleEvent['type'], LifecycleEvent> = {
  authorised: { type: 'authorised' },
  step: { type: 'step', step: 'shell' },
  opened: { type: 'opened' },
  frozen: { type: 'frozen', why: 'lease', endsAtMs: 9 },
  thawed: { type: 'thawed' },
  end: { type: 'end', reason: person },
  sealed: { type: 'sealed' },
};

/** Where each event leads from each state; what is not named changes nothing. */
const table: Partial<Record<Name, Partial<Record<LifecycleEvent['type'], Name>>>> = {
  requested: { authorised: 'authorised', end: 'closing' },
  authorised: { step: 'connecting', end: 'closing' },
  connecting: { step: 'connecting', opened: 'open', end: 'closing' },
  open: { frozen: 'frozen', end: 'closing' },
  frozen: { frozen: 'frozen', thawed: 'open', end: 'closing' },
  closing: { sealed: 'ended' },
};

describe('the life of a session', () => {
  for (const [name, from] of Object.entries(states) as [Name, Lifecycle][]) {
    for (const event of Object.values(events)) {
      const target = table[name]?.[event.type];
      it(`${name} + ${event.type} -> ${target ?? 'unchanged'}`, () => {
        const next = advance(from, event);
        if (target === undefined) expect(next).toBe(from);
        else expect(next.state.state).toBe(target);
      });
    }
  }

  const anyEvent = fc.constantFrom(...Object.values(events), { type: 'end', reason: lost } as const);

  it('keeps the first reason, never comes back from closing, and passes input only while open', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 30 }), (list) => {
        let current = requested;
        let first: EndReason | null = null;
        for (const event of list) {
          const ending = current.reason !== null;
          if (event.type === 'end') first ??= event.reason;
          current = advance(current, event);
          if (ending) expect(['closing', 'ended']).toContain(current.state.state);
          expect(current.reason).toEqual(first);
          expect(inputPasses(current)).toBe(current.state.state === 'open');
          if (inputPasses(current)) expect(outputPasses(current)).toBe(true);
          if (current.reason !== null) expect(outputPasses(current)).toBe(false);
        }
      }),
    );
  });
});
