import { describe, expect, it } from 'vitest';
import type { SessionRow } from '../live/session-store.ts';
import { notReviewed } from '../review/review-facts.ts';
import { arrivalGraceMs, type RecordingFacts, standingOf, toRecordingView } from './views.ts';

const review = { ...notReviewed, may: { review: false, hold: false } };
const ended = new Date('2026-01-01T00:00:00.000Z');
const at = (ms: number) => new Date(ended.getTime() + ms);
const grant = {
  version: 1,
  sessionId: '6a2f41b8-7f4e-4a54-9d62-0f3b8a4fd001',
  serverNonce: 'n',
  issuedAt: '',
  organisation: 'o',
  user: { id: 'u', name: 'U' },
  device: { id: 'd', name: 'jonas-laptop' },
  target: { id: 't', name: 'T', host: 'h', port: 22, production: false },
  login: 'deploy',
  reason: null,
  ticket: null,
  route: 'relay',
  hostKeys: ['k'],
  recipients: { output: ['a'], input: ['b'], text: ['c'] },
  credential: { kind: 'certificate', algorithm: 'x', certificate: '' },
  sessionKey: 's',
  limits: { maxSeconds: 1, idleSeconds: null },
  recordMode: 'strict',
  evidence: { anchors: false, wire: false },
  command: null,
};

function makeFacts(
  changes: Partial<Omit<RecordingFacts, 'session'>> & { session?: Partial<SessionRow> } = {},
): RecordingFacts {
  const { session, ...rest } = changes;
  const row = {
    grant_payload: JSON.stringify(grant),
    ended_at: null,
    ended_by: null,
    login_signed_at: null,
    ...session,
  } as SessionRow;
  return {
    segments: [],
    manifest: null,
    journal: null,
    wire: null,
    tail: null,
    orderedBy: null,
    ...rest,
    session: row,
  };
}

const segment = { session_id: 's', stream: 'output', seq: 0, sha256: '', bytes: 1, stored_at: ended } as const;
const journal = { session_id: 's', sha256: '', bytes: 1, because: 'it crashed', stored_at: ended };
const noTimes = { started_at: null, ended_at: null };
const byLauncher = { ended_at: ended, ended_by: 'launcher' } as const;
const diskFull = {
  kind: 'connect-failed',
  problem: { code: 'SP-3011', message: 'The record cannot be kept on this machine: its disk is full.' },
} as const;
const byServer = { ended_at: ended, ended_by: 'server' } as const;

const cases: { name: string; facts: RecordingFacts; now: Date; state: string; because: RegExp | null }[] = [
  { name: 'running, nothing came yet', facts: makeFacts(), now: at(0), state: 'started', because: null },
  {
    name: 'running, segments came',
    facts: makeFacts({ segments: [segment] }),
    now: at(0),
    state: 'receiving',
    because: null,
  },
  {
    name: 'just ended',
    facts: makeFacts({ session: byLauncher }),
    now: at(arrivalGraceMs - 1),
    state: 'receiving',
    because: null,
  },
  {
    name: 'ended a while ago, nothing came',
    facts: makeFacts({ session: byLauncher }),
    now: at(arrivalGraceMs),
    state: 'incomplete',
    because: /nothing of it was stored.*jonas-laptop/,
  },
  {
    name: 'its launcher is gone, and the server holds its journal',
    facts: makeFacts({ session: byServer, tail: { updated_at: ended } }),
    now: at(arrivalGraceMs),
    state: 'incomplete',
    because: /lost contact with jonas-laptop.*only its journal up to 00:00:00 UTC was stored/,
  },
  {
    name: 'its launcher is gone, and the server holds its journal after some segments',
    facts: makeFacts({
      session: byServer,
      segments: [segment, { ...segment, stream: 'anchor' }],
      tail: { updated_at: ended },
    }),
    now: at(arrivalGraceMs),
    state: 'incomplete',
    because: /only 1 segment and its journal up to 00:00:00 UTC were stored/,
  },
  {
    name: 'ended a while ago, a part came',
    facts: makeFacts({ session: byLauncher, segments: [segment] }),
    now: at(arrivalGraceMs),
    state: 'incomplete',
    because: /only 1 segment was stored/,
  },
  {
    name: 'could not be kept on the device, and the broker gave no login',
    facts: makeFacts({ session: { ...byLauncher, opened_at: null, end_reason: diskFull } }),
    now: at(arrivalGraceMs),
    state: 'incomplete',
    because: /nobody was logged in.*nothing to record/,
  },
  {
    name: 'says that it was not opened, but a login was signed',
    facts: makeFacts({
      session: { ...byLauncher, opened_at: null, end_reason: diskFull, login_signed_at: new Date(0) },
    }),
    now: at(arrivalGraceMs),
    state: 'incomplete',
    because: /nothing of it was stored.*jonas-laptop/,
  },
  {
    name: 'ended by the server',
    facts: makeFacts({ session: byServer }),
    now: at(0),
    state: 'incomplete',
    because: /lost contact with jonas-laptop/,
  },
  {
    name: 'crashed',
    facts: makeFacts({ session: byLauncher, journal, segments: [segment] }),
    now: at(0),
    state: 'incomplete',
    because: /^it crashed$/,
  },
  {
    name: 'signed to its end',
    facts: makeFacts({ session: byServer, manifest: { ended: true, anchors: 0, end_reason: 'exit 0', ...noTimes } }),
    now: at(0),
    state: 'complete',
    because: null,
  },
  {
    name: 'with a manifest that has no end',
    facts: makeFacts({ session: byServer, manifest: { ended: false, anchors: 0, end_reason: null, ...noTimes } }),
    now: at(0),
    state: 'incomplete',
    because: /lost contact/,
  },
];

describe('the state of a recording', () => {
  it.each(cases)('$name: $state', ({ facts, now, state, because }) => {
    const standing = standingOf(facts, now);
    expect(standing.state).toBe(state);
    if (because === null) expect(standing.because).toBeNull();
    else expect(standing.because).toMatch(because);
  });
});

describe('the level of evidence', () => {
  const session = { ...byLauncher, granted_at: ended, end_reason: null };
  const manifest = (anchors: number) => ({ ended: true, anchors, end_reason: 'exit 0', ...noTimes });
  const head = { toTarget: { bytes: 10, sha256: '' }, fromTarget: { bytes: 20, sha256: '' }, closed: true };
  const wire = { head, released_at: null };
  const nothing = { bytes: 0, sha256: '' };

  it.each([
    ['anchored-with-wire', 2, wire],
    ['wire-only', 0, wire],
    ['anchored', 1, null],
    ['recorder-only', 0, null],
    ['anchored', 1, { head: { ...head, toTarget: nothing, fromTarget: nothing }, released_at: null }],
    ['anchored', 1, { head, released_at: ended }],
  ])('is %s with %i anchors and %o', (level, anchors, kept) => {
    const facts = makeFacts({ session, manifest: manifest(anchors), wire: kept });
    expect(toRecordingView(facts, ended, [], review).evidence).toBe(level);
  });

  it('comes with what was kept, and when it was deleted', () => {
    const open = { head: { ...head, closed: false }, released_at: null };
    const view = (kept: RecordingFacts['wire']) =>
      toRecordingView(makeFacts({ session, wire: kept }), ended, [], review).wire;
    expect(view(open)).toEqual({ bytesToTarget: 10, bytesFromTarget: 20, open: true, releasedAt: null });
    expect(view({ head, released_at: ended })).toMatchObject({ open: false, releasedAt: ended.toISOString() });
    expect(view(null)).toBeNull();
  });
});

describe('the end of a recording', () => {
  const killed = { kind: 'killed', orderId: 'o', by: 'Mira', byRole: 'analyst', reason: 'wrong host', at: '' } as const;
  const exit = { kind: 'exit', status: 0, signal: null } as const;
  const says = (end_reason: string) => ({ ended: true, anchors: 0, end_reason, ...noTimes });
  const row = (end_reason: SessionRow['end_reason']) => ({ ...byLauncher, granted_at: ended, end_reason });

  it.each([
    [
      'as the manifest says it',
      makeFacts({ session: row(exit), manifest: says('exit 0') }),
      { endReason: 'exit 0', killedBy: null },
    ],
    [
      'as the session says it while there is no manifest',
      makeFacts({ session: row(exit) }),
      { endReason: 'exit 0', killedBy: null },
    ],
    [
      'a kill that was ordered, whatever the manifest says',
      makeFacts({ session: row(killed), manifest: says('exit 0'), orderedBy: 'Mira' }),
      { endReason: 'killed by Mira: wrong host', killedBy: 'Mira' },
    ],
    [
      'a kill that was ordered and that the manifest tells in full',
      makeFacts({ session: row(null), manifest: says('killed by Mira: wrong host'), orderedBy: 'Mira' }),
      { endReason: 'killed by Mira: wrong host', killedBy: 'Mira' },
    ],
    [
      'no kill that nobody ordered',
      makeFacts({ session: row(exit), manifest: says('killed by Mira: wrong host') }),
      { endReason: 'exit 0', killedBy: null },
    ],
  ])('is told %s', (_name, facts, expected) => {
    expect(toRecordingView(facts, ended, [], review)).toMatchObject(expected);
  });

  it('has the time that was signed, when the end was told late', () => {
    const session = { ...row(exit), ended_at: at(3 * 3_600_000), opened_at: at(1000) };
    const manifest = { ...says('exit 0'), started_at: at(500), ended_at: at(90_500) };
    expect(toRecordingView(makeFacts({ session }), ended, [], review)).toMatchObject({
      durationMs: 3 * 3_600_000 - 1000,
    });
    expect(toRecordingView(makeFacts({ session, manifest }), ended, [], review)).toMatchObject({
      startedAt: at(500).toISOString(),
      endedAt: at(90_500).toISOString(),
      durationMs: 90_000,
    });
  });
});
