import { describe, expect, it } from 'vitest';
import { type EndReason, endReasonSchema, type SessionState } from '../../../shared/model/session.ts';
import type { SessionView } from '../../../shared/protocol/ipc.ts';
import {
  connectSteps,
  endWords,
  mayTryAgain,
  neverOpened,
  noContactWords,
  stateWords,
  stoppedWords,
  timeLeft,
  timeLeftInFull,
} from './words.ts';

const now = 1_000_000_000;
const problem = { code: 'SP-3011', message: 'The disk is full.' } as const;

function makeView(state: SessionState, rest: Partial<SessionView> = {}): SessionView {
  return {
    id: 'a',
    sessionId: 's',
    targetId: 't',
    targetName: 'pay-db-03',
    address: '10.0.0.1:22',
    login: 'deploy',
    production: true,
    route: 'relay',
    credential: 'certificate',
    recordMode: 'strict',
    reason: null,
    ticket: null,
    state,
    openedAtMs: now - 1000,
    endsAtMs: now + 3_600_000,
    leaseUntilMs: now + 9000,
    endedAtMs: state.state === 'ended' ? now : null,
    record: { writtenBytes: 1, syncedAtMs: now, storedBytes: 0, storedAtMs: null, complete: false },
    kill: null,
    ...rest,
  };
}

const reasons: EndReason[] = [
  { kind: 'exit', status: 0, signal: null },
  { kind: 'disconnected', by: 'person' },
  { kind: 'disconnected', by: 'target' },
  { kind: 'disconnected', by: 'network' },
  { kind: 'disconnected', by: 'quit' },
  { kind: 'disconnected', by: 'revoked' },
  { kind: 'lease-expired' },
  { kind: 'idle' },
  { kind: 'time-limit' },
  { kind: 'recorder-failed', problem },
  { kind: 'host-key-mismatch', problem },
  { kind: 'auth-failed', problem },
  { kind: 'connect-failed', problem },
  { kind: 'process-crashed', problem },
];

describe('stateWords', () => {
  it.each([
    ['open and online', makeView({ state: 'open' }), 'online', 'recording'],
    ['open and offline', makeView({ state: 'open' }), 'offline', 'no-contact'],
    ['open with a late lease', makeView({ state: 'open' }, { leaseUntilMs: now + 3000 }), 'online', 'no-contact'],
    ['offline and nearly over', makeView({ state: 'open' }, { endsAtMs: now + 240_000 }), 'offline', 'no-contact'],
    ['nearly over', makeView({ state: 'open' }, { endsAtMs: now + 240_000 }), 'online', 'lease-low'],
    ['frozen', makeView({ state: 'frozen', why: 'lease', endsAtMs: now + 11_000 }), 'online', 'frozen'],
    ['connecting', makeView({ state: 'connecting', step: 'login' }), 'online', 'connecting'],
    [
      'stopped by the recorder',
      makeView({ state: 'ended', reason: { kind: 'recorder-failed', problem } }),
      'online',
      'strict',
    ],
  ] as const)('%s', (_name, view, connection, name) => {
    expect(stateWords(view, connection, now).name).toBe(name);
  });

  it('uses red for a kill and for nothing else', () => {
    const killed: EndReason = {
      kind: 'killed',
      orderId: 'o',
      by: 'Mira Okafor',
      byRole: 'analyst',
      reason: 'x',
      at: '2026-11-24T14:32:07Z',
    };
    expect(stateWords(makeView({ state: 'ended', reason: killed }), 'online', now).tone).toBe('ended');
    for (const reason of reasons) {
      expect(stateWords(makeView({ state: 'ended', reason }), 'online', now).tone).not.toBe('ended');
      expect(endWords(makeView({ state: 'ended', reason }))?.tone).not.toBe('ended');
    }
  });

  it('never says less time than there is', () => {
    expect([timeLeftInFull(239_000), timeLeftInFull(60_001), timeLeftInFull(900)]).toEqual([
      '4 minutes left',
      '2 minutes left',
      '1 second left',
    ]);
    expect([timeLeft(239_000), timeLeft(59_100), timeLeft(-5), timeLeft(2_460_000)]).toEqual([
      '4 min left',
      '60 s left',
      '0 s left',
      '41 min left',
    ]);
  });
});

describe('a session that goes on without a record', () => {
  const stoppedAtMs = now - 60_000;

  it.each([
    ['open', makeView({ state: 'open' })],
    ['offline', makeView({ state: 'open' }, { leaseUntilMs: now })],
    ['nearly over', makeView({ state: 'open' }, { endsAtMs: now + 1000 })],
    ['frozen', makeView({ state: 'frozen', why: 'lease', endsAtMs: now + 11_000 })],
  ] as const)('is said before all else while it is %s', (_name, view) => {
    expect(stateWords(view, 'online', now, stoppedAtMs)).toMatchObject({ name: 'unrecorded', tab: 'Not recorded' });
  });

  it('says since when, why, and that the session goes on', () => {
    const words = stoppedWords({ problem, atMs: stoppedAtMs });
    expect(words.title).toMatch(/^Not recorded any more since \d\d:\d\d\. By policy the session goes on\.$/);
    expect(words.text).toContain('The disk is full. SP-3011');
  });

  it('is never said to be recorded whole once it ended, whatever ended it', () => {
    for (const reason of reasons) {
      const view = makeView({ state: 'ended', reason });
      expect(endWords(view, stoppedAtMs)?.text).not.toMatch(/All that was shown is recorded|complete up to here/);
      expect(stateWords(view, 'online', now, stoppedAtMs).name).not.toBe('unrecorded');
    }
  });
});

describe('noContactWords', () => {
  it('counts to the end of input and of the session, and never says more than is known', () => {
    const title = (leaseUntilMs: number | null) =>
      noContactWords(makeView({ state: 'open' }, { leaseUntilMs }), now).title;
    expect(title(now + 8000)).toBe('No contact: input stops in 8 s, the session ends in 13 s');
    expect(title(now - 1000)).toBe('No contact: input stops now, the session ends in 4 s');
    expect(title(null)).toBe('No contact: without it this session ends within 15 s');
  });
});

describe('endWords', () => {
  it('has words for every end but a kill, which has its own banner', () => {
    const kinds = new Set(reasons.map((reason) => reason.kind));
    for (const option of endReasonSchema.options) {
      const kind = option.shape.kind.value;
      if (kind !== 'killed') expect(kinds).toContain(kind);
    }
    for (const reason of reasons) expect(endWords(makeView({ state: 'ended', reason }))?.title).toBeTruthy();
  });

  it('carries the problem whose code can be quoted', () => {
    expect(endWords(makeView({ state: 'ended', reason: { kind: 'recorder-failed', problem } }))?.problem).toEqual(
      problem,
    );
  });

  it('knows a session that never had a screen', () => {
    const reason: EndReason = { kind: 'connect-failed', problem };
    expect(neverOpened(makeView({ state: 'ended', reason }, { openedAtMs: null }))).toBe(true);
    expect(neverOpened(makeView({ state: 'ended', reason }))).toBe(false);
  });
});

describe('mayTryAgain', () => {
  it('is not offered behind a lock or at another host key', () => {
    const at = (kind: 'connect-failed' | 'host-key-mismatch', code: 'SP-2003' | 'SP-2031' | 'SP-2104') =>
      mayTryAgain(makeView({ state: 'ended', reason: { kind, problem: { code, message: 'x' } } }));
    expect(at('connect-failed', 'SP-2003')).toBe(false);
    expect(at('host-key-mismatch', 'SP-2031')).toBe(false);
    expect(at('connect-failed', 'SP-2104')).toBe(true);
  });
});

describe('connectSteps', () => {
  it('says what is done, what is now and what comes', () => {
    const steps = connectSteps(makeView({ state: 'connecting', step: 'host-key' })).map((step) => step.state);
    expect(steps).toEqual(['done', 'done', 'done', 'now', 'next', 'next']);
  });
});
