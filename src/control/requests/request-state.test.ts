import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  firstProgress,
  type RequestEvent,
  type RequestProgress,
  type RequestStep,
  stateAt,
  stepRequest,
  waitMs,
} from './request-state.ts';

const hour = 3600;
const open = firstProgress(0, hour);
const approved: RequestProgress = { ...open, state: 'approved', grantedSeconds: 600, endsAt: 700_000 };
const over = (state: 'denied' | 'revoked' | 'expired'): RequestProgress => ({ ...open, state });

const cases: [string, RequestProgress, RequestEvent, RequestStep][] = [
  [
    'is approved as asked, from the decision on',
    open,
    { type: 'approve', at: 5000, seconds: null },
    { next: { ...open, state: 'approved', grantedSeconds: hour, endsAt: 5000 + hour * 1000 } },
  ],
  [
    'is approved for less',
    open,
    { type: 'approve', at: 5000, seconds: 60 },
    { next: { ...open, state: 'approved', grantedSeconds: 60, endsAt: 65_000 } },
  ],
  [
    'is never approved for more',
    open,
    { type: 'approve', at: 5000, seconds: hour + 1 },
    { refused: 'more-than-asked' },
  ],
  ['is denied', open, { type: 'deny', at: 1 }, { next: { ...open, state: 'denied' } }],
  ['is withdrawn', open, { type: 'revoke', at: 1 }, { next: { ...open, state: 'revoked' } }],
  ['lapses undecided', open, { type: 'tick', at: waitMs }, { next: { ...open, state: 'expired' } }],
  ['waits until then', open, { type: 'tick', at: waitMs - 1 }, { next: open }],
  ['is not approved too late', open, { type: 'approve', at: waitMs, seconds: null }, { refused: 'expired' }],
  ['is not denied too late', open, { type: 'deny', at: waitMs }, { refused: 'expired' }],
  ['is decided once: no second approval', approved, { type: 'approve', at: 1, seconds: null }, { refused: 'approved' }],
  ['is decided once: no denial of an approval', approved, { type: 'deny', at: 1 }, { refused: 'approved' }],
  ['once approved is revoked', approved, { type: 'revoke', at: 1 }, { next: { ...approved, state: 'revoked' } }],
  ['ends by itself', approved, { type: 'tick', at: 700_000 }, { next: { ...approved, state: 'expired' } }],
  ['holds until its end', approved, { type: 'tick', at: 699_999 }, { next: approved }],
  ['is not revoked after its end', approved, { type: 'revoke', at: 700_000 }, { refused: 'expired' }],
  ...(['denied', 'revoked', 'expired'] as const).flatMap((state): (typeof cases)[number][] => [
    [`${state} is not approved`, over(state), { type: 'approve', at: 1, seconds: null }, { refused: state }],
    [`${state} is not denied`, over(state), { type: 'deny', at: 1 }, { refused: state }],
    [`${state} is not revoked`, over(state), { type: 'revoke', at: 1 }, { refused: state }],
    [`${state} stays so`, over(state), { type: 'tick', at: waitMs * 2 }, { next: over(state) }],
  ]),
];

describe('an access request', () => {
  it.each(cases)('%s', (_name, before, event, step) => {
    expect(stepRequest(before, event)).toEqual(step);
  });

  it('never grants more than was asked, never beyond its end, and never again once it is over', () => {
    const event = fc.record({
      type: fc.constantFrom('approve', 'deny', 'revoke', 'tick'),
      wait: fc.integer({ min: 0, max: waitMs }),
      seconds: fc.option(fc.integer({ min: 1, max: 2 * hour })),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), (events) => {
        let request = open;
        let at = 0;
        let isOver = false;
        for (const { type, wait, seconds } of events) {
          at += wait;
          const step = stepRequest(request, { type, at, seconds } as RequestEvent);
          if ('next' in step) request = step.next;
          const state = stateAt(request, at);
          if (isOver) expect(['denied', 'revoked', 'expired']).toContain(state);
          isOver ||= state !== 'open' && state !== 'approved';
          if (state === 'approved') {
            expect(request.grantedSeconds).toBeLessThanOrEqual(request.seconds);
            expect(at).toBeLessThan(request.endsAt ?? 0);
          }
        }
      }),
    );
  });
});
