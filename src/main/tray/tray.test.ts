import { expect, test } from 'vitest';
import type { SessionView } from '../../shared/protocol/ipc.ts';
import { newSession, toView } from '../sessions/session-view.ts';
import { TrayControl, type TrayIcon } from './tray.ts';
import { trayMenu } from './tray-menu.ts';

const now = 1_000_000_000_000;
const stored = { recordings: 0, bytes: 0, lastProblem: null };

function makeView(id: string, state: SessionView['state'], rest: Partial<SessionView> = {}): SessionView {
  const session = newSession({
    id,
    targetId: 't',
    targetName: id,
    address: '10.0.0.1:22',
    login: 'deploy',
    production: false,
    route: 'relay',
    credential: 'certificate',
    reason: null,
    ticket: null,
  });
  return { ...toView(session), openedAtMs: now, endsAtMs: now + 3_600_000, state, ...rest };
}

function lines(sessions: SessionView[], backlog = stored): string[] {
  return trayMenu({ sessions, backlog, nowMs: now }).items.map((item) => (item.line === 'rule' ? '-' : item.label));
}

test('the menu has the running sessions with their state in words, and what is still to be sent', () => {
  const views = [
    makeView('pay-db-03', { state: 'open' }),
    makeView('web-01', { state: 'frozen', why: 'lease', endsAtMs: null }),
    makeView('edge-12', { state: 'open' }, { endsAtMs: now + 200_000 }),
    makeView('mail-02', { state: 'connecting', step: 'login' }),
    makeView('gone-01', { state: 'ended', reason: { kind: 'idle' } }),
  ];
  expect(lines(views, { recordings: 2, bytes: 12_400_000, lastProblem: null })).toEqual([
    'Open Sallyport',
    '-',
    'pay-db-03 as deploy: Recording',
    'web-01 as deploy: Frozen',
    'edge-12 as deploy: 4 min left',
    'mail-02 as deploy: Connecting',
    'New session',
    '-',
    '2 recordings, 12 MB to send',
    '-',
    'Quit',
  ]);
  expect(trayMenu({ sessions: views, backlog: stored, nowMs: now }).tip).toBe('Sallyport: 4 sessions');
});

test('nothing to show is said, many sessions are cut, a name stays one line', () => {
  expect(lines([])).toEqual([
    'Open Sallyport',
    '-',
    'No session is running',
    'New session',
    '-',
    'Every recording is stored',
    '-',
    'Quit',
  ]);
  const many = Array.from({ length: 23 }, (_, i) => makeView(`web-${i}`, { state: 'open' }));
  expect(lines(many)).toContain('and 3 more');
  expect(lines([makeView('a\n\u001b[1m&b', { state: 'open' })])).toContain('a [1m&&b as deploy: Recording');
});

function makeControl(make?: () => TrayIcon) {
  const drawn: string[][] = [];
  const log: string[] = [];
  let made = 0;
  let disposed = 0;
  let at = now;
  const control = new TrayControl({
    make:
      make ??
      (() => {
        made += 1;
        return {
          show: ({ items }) => drawn.push(items.map((item) => (item.line === 'rule' ? '-' : item.label))),
          dispose: () => {
            disposed += 1;
          },
        };
      }),
    now: () => at,
    log: (event) => log.push(event),
  });
  const wait = (ms: number) => {
    at += ms;
  };
  return { control, drawn, log, wait, counts: () => ({ made, disposed }) };
}

test('the icon is there while it is wanted, and its menu is replaced only when a line is different', () => {
  const { control, drawn, counts, wait } = makeControl();
  control.update({ sessions: [] });
  expect(counts()).toEqual({ made: 0, disposed: 0 });
  control.update({ wanted: true });
  const view = makeView('web-01', { state: 'open' });
  control.update({ sessions: [view] });
  expect(drawn).toHaveLength(2);
  // What a running session changes all the time is not in the menu.
  const record = { ...view.record, writtenBytes: 5000, syncedAtMs: now };
  control.update({ sessions: [{ ...view, record, leaseUntilMs: now + 9000 }] });
  wait(1000);
  control.update({ backlog: stored });
  expect(drawn).toHaveLength(2);
  control.update({ wanted: false });
  control.update({ sessions: [] });
  expect(counts()).toEqual({ made: 1, disposed: 1 });
  control.update({ wanted: true });
  expect(counts()).toEqual({ made: 2, disposed: 1 });
  control.dispose();
});

test('a desktop without a place for it breaks nothing and is not asked again and again', () => {
  let asked = 0;
  const { control, log } = makeControl(() => {
    asked += 1;
    throw new Error('no StatusNotifierHost');
  });
  control.update({ wanted: true });
  control.update({ sessions: [makeView('web-01', { state: 'open' })] });
  expect({ asked, log }).toEqual({ asked: 1, log: ['tray.none'] });
  control.update({ wanted: false });
  control.update({ wanted: true });
  expect(asked).toBe(2);
  control.dispose();
});
