import { expect, test } from 'vitest';
import type { EndReason } from '../../shared/model/session.ts';
import { defaultSettings, type SessionView } from '../../shared/protocol/ipc.ts';
import { newSession, toView } from '../sessions/session-view.ts';
import { decideNotices, type Seen, timeLowMs } from './decide.ts';
import { Notifier } from './notifier.ts';

const now = 1_000_000_000_000;
const everything = { killed: true, frozen: true, ended: true, timeLow: true };
const problem = { code: 'SP-3011', message: 'The disk is full: /home/kim/secret-plan.' } as const;

function makeView(state: SessionView['state'], rest: Partial<SessionView> = {}): SessionView {
  const session = newSession({
    id: 'tab-1',
    targetId: 't',
    targetName: 'pay-db-03',
    address: '10.0.0.1:22',
    login: 'deploy',
    production: true,
    route: 'relay',
    credential: 'certificate',
    reason: 'rotate the password hunter2',
    ticket: 'OPS-1',
  });
  return { ...toView(session), openedAtMs: now - 1000, endsAtMs: now + 3_600_000, state, ...rest };
}
const open = makeView({ state: 'open' });
const ended = (reason: EndReason) => makeView({ state: 'ended', reason });
const killed = ended({
  kind: 'killed',
  orderId: 'o',
  by: 'Mira Okafor',
  byRole: 'security analyst',
  reason: 'typed rm -rf /srv',
  at: '2026-11-24T14:32:07Z',
});

function decide(
  before: SessionView | null,
  after: SessionView,
  rest: Partial<Parameters<typeof decideNotices>[0]> = {},
) {
  const first = decideNotices({
    seen: new Map(),
    sessions: before === null ? [] : [before],
    nowMs: now,
    notify: everything,
    inFront: false,
  });
  expect(first.notices).toEqual([]);
  return decideNotices({ seen: first.seen, sessions: [after], nowMs: now, notify: everything, inFront: false, ...rest })
    .notices;
}

test.each<[string, SessionView, string, string, string]>([
  ['a kill', killed, 'killed', 'pay-db-03 was killed', 'By Mira Okafor, security analyst. The screen stays readable.'],
  [
    'lost contact',
    makeView({ state: 'frozen', why: 'lease', endsAtMs: null }),
    'frozen',
    'pay-db-03 is frozen',
    'No contact with the server. Nothing you type is sent.',
  ],
  [
    'a freeze by order',
    makeView({ state: 'frozen', why: 'order', endsAtMs: null }),
    'frozen',
    'pay-db-03 is frozen',
    'Nothing you type is sent.',
  ],
  [
    'a cut network',
    ended({ kind: 'disconnected', by: 'network' }),
    'ended',
    'pay-db-03 ended',
    'The connection broke.',
  ],
  [
    'a strict stop',
    ended({ kind: 'recorder-failed', problem }),
    'ended',
    'pay-db-03 ended',
    'The record could not be written. SP-3011',
  ],
  ['a lease', ended({ kind: 'lease-expired' }), 'ended', 'pay-db-03 ended', 'There was no contact with the server.'],
])('%s is said', (_name, after, kind, title, body) => {
  expect(decide(open, after)).toEqual([{ kind, session: 'tab-1', title, body }]);
});

test.each<[string, SessionView | null, SessionView]>([
  ['nothing changed', open, open],
  ['the person ended it', open, ended({ kind: 'disconnected', by: 'person' })],
  ['the shell exited', open, ended({ kind: 'exit', status: 0, signal: null })],
  ['it never opened', open, { ...ended({ kind: 'connect-failed', problem }), openedAtMs: null }],
  ['it is seen for the first time', null, killed],
  ['it was said before', killed, killed],
  [
    'it stays frozen',
    makeView({ state: 'frozen', why: 'lease', endsAtMs: null }),
    makeView({ state: 'frozen', why: 'order', endsAtMs: null }),
  ],
])('nothing is said where %s', (_name, before, after) => {
  expect(decide(before, after)).toEqual([]);
});

test('nothing is said while a window is in front, or where the person wants none', () => {
  expect(decide(open, killed, { inFront: true })).toEqual([]);
  expect(decide(open, killed, { notify: { ...everything, killed: false } })).toEqual([]);
  expect(decide(open, ended({ kind: 'lease-expired' }), { notify: defaultSettings.notify })).toEqual([]);
});

test('the time that is left is said once, when it passes five minutes', () => {
  let seen: Seen = new Map();
  const said: string[] = [];
  const endsAtMs = new Date(2026, 10, 24, 14, 36).getTime();
  for (const left of [timeLowMs + 60_000, timeLowMs + 1, timeLowMs, timeLowMs - 60_000, 1000]) {
    const step = decideNotices({
      seen,
      sessions: [makeView({ state: 'open' }, { endsAtMs })],
      nowMs: endsAtMs - left,
      notify: everything,
      inFront: false,
    });
    seen = step.seen;
    said.push(...step.notices.map(({ title, body }) => `${left}: ${title}. ${body}`));
  }
  expect(said).toEqual([`${timeLowMs}: 5 minutes left on pay-db-03. It ends at 14:36 whatever is open.`]);
});

test('what was seen in the window is not said later', () => {
  const before = decideNotices({ seen: new Map(), sessions: [open], nowMs: now, notify: everything, inFront: true });
  const seenInFront = decideNotices({ ...before, sessions: [killed], nowMs: now, notify: everything, inFront: true });
  expect(
    decideNotices({ ...seenInFront, sessions: [killed], nowMs: now, notify: everything, inFront: false }).notices,
  ).toEqual([]);
});

test('no reason, command or problem’s words, and no markup or control character of a name', () => {
  const hostile = { targetName: 'web\u001b[31m\n<b>x</b>&amp;\u202e' };
  const texts = [
    killed,
    ended({ kind: 'recorder-failed', problem }),
    ended({ kind: 'process-crashed', problem }),
    makeView({ state: 'frozen', why: 'order', endsAtMs: null }),
  ].flatMap((after) => decide({ ...open, ...hostile }, { ...after, ...hostile }));
  expect(texts).toHaveLength(4);
  for (const { title, body } of texts) {
    expect(title + body).not.toMatch(/hunter2|rm -rf|OPS-1|secret-plan|deploy|10\.0\.0\.1/);
    expect(title + body).not.toMatch(/[\p{Cc}\p{Cf}<>&]/u);
  }
});

test('a click shows the session; a desktop that cannot show notices breaks nothing', () => {
  const opened: string[] = [];
  const clicks: (() => void)[] = [];
  let broken = false;
  const notifier = new Notifier({
    desktop: {
      inFront: () => false,
      show: (_notice, onClick) => {
        if (broken) throw new Error('no notification daemon');
        clicks.push(onClick);
      },
    },
    notify: () => everything,
    open: (session) => opened.push(session),
    now: () => now,
  });
  notifier.changed([open]);
  notifier.changed([killed]);
  for (const click of clicks) click();
  expect(opened).toEqual(['tab-1']);
  broken = true;
  notifier.changed([{ ...open, id: 'tab-2' }]);
  notifier.changed([{ ...killed, id: 'tab-2' }]);
  notifier.dispose();
});
