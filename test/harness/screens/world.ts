// The people, targets, sessions and recordings of the pictures. Everything has passed the real schemas (checked in screens.ts).
import type { Problem } from '../../../src/shared/errors/result.ts';
import type { RecordingView } from '../../../src/shared/model/recording.ts';
import { type EndReason, evidenceLevelSchema, type SessionState } from '../../../src/shared/model/session.ts';
import type { LoginKind, TargetView } from '../../../src/shared/model/target.ts';
import type { AppState, SessionView } from '../../../src/shared/protocol/ipc.ts';

export const now = Date.parse('2026-11-24T14:40:12');
const minute = 60_000;
const hour = 60 * minute;
const iso = (ms: number) => new Date(ms).toISOString();

const unreachable: Problem = {
  code: 'SP-1003',
  message: 'psm.norrland.example does not answer on port 443. Sessions that run are frozen until it does.',
};

type Enrolled = Extract<AppState['enrolment'], { state: 'enrolled' }>;

const enrolment: Enrolled = {
  state: 'enrolled',
  address: 'https://psm.norrland.example',
  deviceKey: 'keyring',
  me: {
    user: { id: 'jonas', name: 'Jonas Lindqvist', roles: ['operator'] },
    device: { id: 'd-1', name: 'jl-laptop' },
    organisation: 'Norrland',
    policy: {
      deviceKey: 'keyring',
      recordMode: 'strict',
      spool: { quotaBytes: 4_096_000_000, keepStoredHours: 0 },
      clipboard: 'allowed',
    },
    views: ['targets', 'sessions', 'recordings'],
  },
};

export const appState: AppState = {
  version: '0.1.0',
  electron: '33.2.1',
  platform: 'linux',
  enrolment,
  connection: { state: 'online', sinceMs: now - hour, roundTripMs: 11 },
  backlog: { recordings: 0, bytes: 0, lastProblem: null },
  fixed: null,
  quitAsked: null,
};

export const offlineState: AppState = {
  ...appState,
  connection: { state: 'offline', sinceMs: now - 4 * minute, problem: unreachable, nextTryAtMs: now + 7000 },
  backlog: { recordings: 2, bytes: 12_400_000, lastProblem: unreachable },
};

export function firstRun(managed: boolean, problem: Problem | null): AppState {
  const organisation = { address: 'https://psm.norrland.example', organisation: 'Norrland' };
  return {
    ...appState,
    enrolment: { state: 'first-run', managed: managed ? organisation : null, problem },
    connection: { state: 'connecting' },
  };
}

interface TargetFacts {
  name: string;
  address: string;
  labels?: Record<string, string>;
  production?: boolean;
  logins?: string[];
  credential?: LoginKind;
  needs?: ('reason' | 'ticket')[];
  used?: number | null;
  route?: 'relay' | 'direct';
  owner?: string | null;
  description?: string;
  lock?: TargetView['lock'];
  unreachable?: TargetView['unreachable'];
}

function target(facts: TargetFacts): TargetView {
  return {
    id: `t-${facts.name}`,
    name: facts.name,
    description: facts.description ?? '',
    address: `${facts.address}:22`,
    labels: facts.labels ?? {},
    production: facts.production ?? false,
    owner: facts.owner ?? null,
    route: facts.route ?? 'relay',
    logins: (facts.logins ?? ['deploy']).map((name, index) => ({
      name,
      isDefault: index === 0,
      credential: facts.credential ?? 'certificate',
    })),
    needs: facts.needs ?? [],
    hostKeyFingerprints: ['SHA256:q7Xv9mT0cLrG4w1yKpZs8nBfEaUdHjOi2x5VtRlJd0'],
    grantedBy: ['Payments on-call'],
    lastUsedAt: facts.used === undefined || facts.used === null ? null : iso(now - facts.used),
    lock: facts.lock ?? null,
    unreachable: facts.unreachable ?? null,
  };
}

const named: TargetView[] = [
  target({
    name: 'pay-db-03',
    address: '10.20.4.13',
    production: true,
    labels: { site: 'Stockholm', team: 'payments', kind: 'postgres' },
    logins: ['deploy', 'postgres'],
    needs: ['reason'],
    used: 2 * hour,
    owner: 'Elin Åberg',
    description: 'PostgreSQL primary for settlements.',
  }),
  target({
    name: 'pay-edge-12',
    address: '10.20.1.12',
    production: true,
    labels: { site: 'Stockholm', kind: 'edge' },
    logins: ['ops'],
    used: hour,
  }),
  target({
    name: 'pay-stage-01',
    address: '10.60.4.11',
    labels: { env: 'staging', team: 'payments' },
    logins: ['deploy', 'ops', 'root'],
    used: 5 * 24 * hour,
  }),
  target({
    name: 'pay-batch-02',
    address: '10.20.6.22',
    production: true,
    labels: { kind: 'batch' },
    logins: ['batch'],
    needs: ['reason', 'ticket'],
    used: 26 * hour,
  }),
  target({
    name: 'pay-hsm-01',
    address: '10.20.8.5',
    production: true,
    labels: { kind: 'hsm' },
    logins: ['hsmadm'],
    owner: 'Elin Åberg',
    unreachable: {
      since: iso(now - hour),
      message:
        'The relay gets no answer from 10.20.8.5 port 22. Relay and policy are fine; the target is not listening.',
      code: 'SP-2104',
    },
  }),
  target({ name: 'pay-build-07', address: '10.90.0.27', labels: { env: 'dev', kind: 'ci' }, logins: ['ci', 'root'] }),
  target({
    name: 'pay-vault-01',
    address: '10.20.2.4',
    production: true,
    labels: { kind: 'vault' },
    logins: ['admin'],
    needs: ['reason'],
    lock: {
      id: 'l-1',
      by: 'Mira Okafor',
      reason: 'Settlement tables for October are under legal hold',
      at: iso(now - 8 * minute),
    },
  }),
  target({
    name: 'core-switch-07',
    address: '10.20.0.7',
    production: true,
    labels: { site: 'Umeå', kind: 'switch' },
    logins: ['admin', 'readonly'],
    credential: 'password',
    owner: 'Network team',
    description: 'Core switch, passwords only.',
  }),
  target({
    name: 'plc-legacy-02',
    address: '10.70.3.12',
    production: true,
    labels: { site: 'Umeå', kind: 'plc' },
    logins: ['service'],
    credential: 'sealed-password',
    needs: ['reason'],
    owner: 'Plant operations',
    description: 'Press line controller, firmware of 2011.',
  }),
  target({ name: 'lab-direct-01', address: '10.90.0.43', route: 'direct', labels: { env: 'dev' }, logins: ['dev'] }),
];

const kinds = ['api', 'ledger', 'kafka', 'term', 'web', 'mail'] as const;
const many = Array.from({ length: 4992 }, (_, index) => {
  const kind = kinds[index % kinds.length] ?? 'api';
  const pay = index < 140;
  return target({
    name: `${pay ? 'pay' : 'hr'}-${kind}-${String(index + 1).padStart(2, '0')}`,
    address: `10.${pay ? 20 : 30}.${(index >> 6) + 3}.${(index % 200) + 11}`,
    production: index % 3 !== 2,
    labels: { site: index % 2 === 0 ? 'Stockholm' : 'Umeå', kind },
    logins: [kind === 'api' ? 'deploy' : kind],
    needs: index % 4 === 0 ? ['reason'] : index % 4 === 1 ? ['ticket'] : [],
  });
});
export const targets = [...named, ...many];

export function session(id: string, name: string, state: SessionState, rest: Partial<SessionView> = {}): SessionView {
  const known = named.find((candidate) => candidate.name === name);
  const openedAtMs = now - 19 * minute;
  return {
    id,
    sessionId: `s-${id}`,
    targetId: known?.id ?? 't-x',
    targetName: name,
    address: known?.address ?? '10.0.0.1:22',
    login: known?.logins[0]?.name ?? 'deploy',
    production: known?.production ?? false,
    route: known?.route ?? 'relay',
    credential: known?.logins[0]?.credential ?? 'certificate',
    recordMode: 'strict',
    reason: 'INC-20418, lock waits on settlement',
    ticket: null,
    state,
    openedAtMs,
    endsAtMs: now + 41 * minute + 30_000,
    leaseUntilMs: now + 9000,
    endedAtMs: state.state === 'ended' ? now - 8 * minute - 5000 : null,
    record: {
      writtenBytes: 1_812_000,
      syncedAtMs: now - 200,
      storedBytes: 1_048_000,
      storedAtMs: now - 21_000,
      complete: false,
    },
    kill: null,
    ...rest,
  };
}

export const open: SessionState = { state: 'open' };

export function ended(reason: EndReason): SessionState {
  return { state: 'ended', reason };
}

const killedAt = iso(now - 8 * minute - 5104);
export const killedReason: EndReason = {
  kind: 'killed',
  orderId: 'o-7Q4M',
  by: 'Mira Okafor',
  byRole: 'analyst',
  reason: 'Settlement tables for October are under legal hold. Stop here and call me on 4471 before anything else.',
  at: killedAt,
};
export const kill: SessionView['kill'] = {
  orderId: 'o-7Q4M',
  by: 'Mira Okafor',
  byRole: 'analyst',
  reason: killedReason.reason,
  requestedAt: killedAt,
  receivedMs: 21,
  closedMs: 38,
  lockId: 'l-1',
};

export const hostKeyProblem: Problem = {
  code: 'SP-2031',
  message:
    'Its host key is not the one we know. That happens when a server is rebuilt, and also when someone stands in between. We stopped before any login. Ask the owner whether it was rebuilt.',
  facts: {
    Known: 'SHA256:q7Xv9mT0cLrG4w1yKpZs8nBfEaUdHjOi2x5VtRlJd0',
    Offered: 'SHA256:Zb20aKq81LmN5oP2rS7tU4vW6xY9zA3bC1dE0fG8t1c',
  },
};

function recording(index: number, rest: Partial<RecordingView>): RecordingView {
  const startedAt = now - index * 3.1 * hour - 27 * minute;
  return {
    sessionId: `s-${String(index).padStart(3, '0')}`,
    user: { id: 'jonas', name: 'Jonas Lindqvist' },
    device: { id: 'd-1', name: 'jl-laptop' },
    target: { id: 't-pay-db-03', name: 'pay-db-03', address: '10.20.4.13:22', production: true },
    login: 'deploy',
    credential: 'certificate',
    route: 'relay',
    reason: 'INC-20418, lock waits on settlement',
    startedAt: iso(startedAt),
    endedAt: iso(startedAt + 1_136_000),
    durationMs: 1_136_000,
    state: 'complete',
    because: null,
    endReason: 'exit 0',
    killedBy: null,
    evidence: 'recorder-only',
    wire: null,
    segments: Array.from({ length: 4 }, (_, seq) => ({
      stream: seq % 2 === 0 ? ('output' as const) : ('input' as const),
      seq: seq >> 1,
      bytes: 262_144,
      sha256: 'ab'.repeat(32),
      storedAt: iso(startedAt),
    })),
    bytes: 1_812_000,
    journal: null,
    mayUnlock: ['output', 'input'],
    review: {
      reviewed: null,
      hold: null,
      bookmarks: 0,
      findings: { open: 0, closed: 0, worst: null },
      may: { review: false, hold: false },
    },
    ...rest,
  };
}

const edge = { id: 't-pay-edge-12', name: 'pay-edge-12', address: '10.20.1.12:22', production: true };
const stage = { id: 't-pay-stage-01', name: 'pay-stage-01', address: '10.60.4.11:22', production: false };
const priya = { id: 'priya', name: 'Priya Nair' };
export const recordings: RecordingView[] = [
  recording(0, {
    killedBy: 'Mira Okafor',
    endReason: `killed by Mira Okafor: ${killedReason.reason}`,
    evidence: 'anchored-with-wire',
    wire: { bytesToTarget: 21_400, bytesFromTarget: 1_176_000, open: false, releasedAt: null },
  }),
  recording(1, {
    target: edge,
    login: 'ops',
    state: 'receiving',
    endedAt: null,
    durationMs: null,
    endReason: null,
    bytes: 412_000,
    evidence: 'wire-only',
    wire: { bytesToTarget: 3200, bytesFromTarget: 90_000, open: true, releasedAt: null },
  }),
  recording(2, {
    target: stage,
    state: 'incomplete',
    because: 'the session process stopped at 11:12:40; the journal up to there is stored',
    endReason: null,
    durationMs: 320_000,
  }),
  recording(3, {
    target: stage,
    user: priya,
    login: 'ops',
    endReason: 'disconnected',
    durationMs: 62_000,
    bytes: 38_000,
  }),
  recording(4, {
    target: edge,
    login: 'ops',
    endReason: 'connection lost',
    durationMs: 4_210_000,
    bytes: 22_400_000,
    evidence: 'anchored',
    wire: {
      bytesToTarget: 810_000,
      bytesFromTarget: 31_900_000,
      open: false,
      releasedAt: iso(now - 3 * 24 * hour),
    },
  }),
  recording(5, { state: 'started', endedAt: null, durationMs: null, endReason: null, bytes: 0 }),
  ...Array.from({ length: 22 }, (_, index) =>
    recording(index + 9, {
      target: index % 3 === 0 ? stage : edge,
      login: 'ops',
      evidence: evidenceLevelSchema.options[index % 4] ?? 'recorder-only',
      durationMs: 40_000 + index * 91_000,
      bytes: 90_000 + index * 77_000,
    }),
  ),
];

export const waiting = [
  {
    sessionId: 's-w1',
    targetName: 'pay-db-03',
    login: 'deploy',
    startedAtMs: now - 3 * hour,
    bytes: 10_300_000,
    state: 'sending' as const,
    problem: null,
  },
  {
    sessionId: 's-w2',
    targetName: 'pay-edge-12',
    login: 'deploy',
    startedAtMs: now - 3 * hour,
    bytes: 2_100_000,
    state: 'waiting' as const,
    problem: null,
  },
  {
    sessionId: 's-w3',
    targetName: 'pay-build-07',
    login: 'deploy',
    startedAtMs: now - 3 * hour,
    bytes: 48_000,
    state: 'stuck' as const,
    problem: {
      code: 'SP-3021' as const,
      message: 'The store has another segment 3 for this recording. It is kept here; tell your security team.',
    },
  },
];
