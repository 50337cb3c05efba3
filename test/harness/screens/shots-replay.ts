import type { Page } from '@playwright/test';
import { testIds } from '../../../src/renderer/test-ids.ts';
import type { RecordingView } from '../../../src/shared/model/recording.ts';
import type { Scenario } from './fake-bridge.ts';
import { type Shot, scenario } from './shots.ts';
import { replayEvents } from './terminal-text.ts';
import * as world from './world.ts';

const ok = (value: unknown) => ({ ok: true, value });
const durationMs = 1_136_000;
const second = 1000;
const mira = { id: 'mira', name: 'Mira Okafor' };
const priya = { id: 'priya', name: 'Priya Nair' };
const iso = (ms: number) => new Date(ms).toISOString();

const entered: readonly (readonly [seconds: number, command: string, status: number | null, lines: string[]])[] = [
  [
    4,
    'systemctl status postgresql@15-main',
    0,
    [
      'Nov 24 14:02:11 pay-db-03 postgres[7731]: LOG:  checkpoint starting: time',
      'Nov 24 14:11:20 pay-db-03 postgres[7731]: ERROR:  canceled, lock timeout',
      'Nov 24 14:11:20 pay-db-03 postgres[7731]: STATEMENT:  update settlement_2026_10',
    ],
  ],
  [52, 'journalctl -u postgresql@15-main -n 200', 0, ['-- No entries --']],
  [
    151,
    'sudo -u postgres psql -c "select pid, state, query from pg_stat_activity where state <> \'idle\'"',
    0,
    ['  pid  │ state  │ query', '───────┼────────┼────────────────────', '  7731 │ active │ update settlement_2026_10'],
  ],
  [362, 'ss -tnp | grep 5432', 1, []],
  [
    460,
    'grep -n settlement_2026_10 /etc/cron.daily/*',
    0,
    ['/etc/cron.daily/settle-close:14:  settle close settlement_2026_10 --dry'],
  ],
  [500, 'cat /etc/cron.daily/settle-close', 0, ['#!/bin/sh', 'exec settle close']],
  [552, 'tail -f postgresql-15-main.log', 130, ['LOG:  checkpoint complete']],
  [845, 'sudo -u postgres psql settlement', null, ['psql (15.8 (Debian 15.8-0+deb12u1))', 'Type "help" for help.']],
  [862, 'select count(*) from settlement_2026_11;', null, [' count', '───────', ' 90211']],
  [902, '\\d settlement_2026_11', null, ['                Table "public.settlement_2026_11"']],
  [
    980,
    '\\dt+ settlement_2026_*',
    null,
    [
      ' public │ settlement_2026_09 │ table │ settle │ permanent   │ 6411 MB │ closed',
      ' public │ settlement_2026_10 │ table │ settle │ permanent   │ 7092 MB │ legal hold',
      ' public │ settlement_2026_11 │ table │ settle │ permanent   │ 5120 MB │ open',
    ],
  ],
  [1064, 'select * from pg_locks where not granted;', null, ['(0 rows)']],
  [1111, 'begin;', null, ['BEGIN']],
  [1127, 'drop table settlement_2026_10;', null, ['DROP TABLE']],
];
const commands = entered.map(([at, command, status]) => ({ atMs: at * second, command, status }));
const text = entered.flatMap(([at, command, , lines]) => [
  { atMs: at * second, kind: 'command' as const, text: command, alternate: false },
  ...lines.map((line, index) => ({
    atMs: at * second + 400 + index,
    kind: 'line' as const,
    text: line,
    alternate: false,
  })),
]);
const checks = ['Manifest signature', '19 of 19 segments, no gap', 'Wire matches'].map((name) => ({
  name,
  ok: true,
  detail: name,
}));
const survey = {
  type: 'survey',
  done: 42,
  total: 42,
  finished: true,
  checks,
  verified: true,
  evidence: 'anchored-with-wire',
  faults: [],
  incomplete: null,
  problem: null,
  activity: Array.from({ length: 240 }, (_, index) => {
    const quiet = (index > 42 && index < 75) || (index > 124 && index < 158);
    const wave = Math.abs(Math.sin(index * 1.7) * Math.cos(index * 0.31));
    return {
      output: quiet ? 0 : Math.round(40 + wave * wave * 9000),
      input: quiet || index % 5 > 1 ? 0 : Math.round(wave * 24),
    };
  }),
  marks: [
    { atMs: 764 * second, kind: 'marker', text: 'Mira Okafor starts watching' },
    { atMs: 931 * second, kind: 'resize', text: '148x34' },
    { atMs: 1040 * second, kind: 'marker', text: 'Message from Mira Okafor, not answered' },
    { atMs: durationMs, kind: 'marker', text: 'killed by Mira Okafor: Settlement tables are under legal hold' },
  ],
  commands,
  lines: text.length,
};
const opened = {
  type: 'opened',
  durationMs,
  cols: 118,
  rows: 34,
  incomplete: null,
  unlocked: ['output', 'input', 'text'],
  endReason: 'killed by Mira Okafor',
  parts: [{ t0: 0, t1: durationMs }],
};
const replay: NonNullable<Scenario['replay']> = { opened, survey, fault: null, events: replayEvents, text };

type Review = RecordingView['review'];
const may: Review = {
  reviewed: null,
  hold: {
    by: mira,
    at: iso(world.now - 60 * 60 * second),
    reason: 'INC-20418: settlement tables for October, by order of legal',
  },
  bookmarks: 1,
  findings: { open: 1, closed: 1, worst: 'high' },
  may: { review: true, hold: true },
};
const bookmark = {
  id: 'b-1',
  atMs: 690 * second,
  text: 'He asks who closes October',
  by: priya,
  at: iso(world.now),
  mine: true,
};
const findings = [
  {
    id: 'f-1',
    atMs: 1127 * second,
    title: 'Table under legal hold dropped, not committed',
    note: 'The transaction was open at the kill. The server rolled it back 2 s later; 7,092 MB intact.',
    severity: 'high',
    state: 'open',
    by: priya,
    at: iso(world.now - 20 * 60 * second),
    changed: null,
  },
  {
    id: 'f-2',
    atMs: 460 * second,
    title: 'Cron closes a held month',
    note: '',
    severity: 'low',
    state: 'closed',
    by: mira,
    at: iso(world.now - 50 * 60 * second),
    changed: { by: mira, at: iso(world.now - 10 * 60 * second) },
  },
];
const listed = (review: Review, rest: Partial<RecordingView> = {}) => {
  const first = world.recordings[0];
  if (first === undefined) throw new Error('the world has a recording');
  return ok({ recordings: [{ ...first, review, ...rest }], next: null, local: [] });
};
function reviewer(
  rest: Partial<Scenario> = {},
  review: Review = may,
  recording: Partial<RecordingView> = {},
): Scenario {
  return scenario(
    {
      'recordings.list': listed(review, recording),
      'recordings.notes': ok({ bookmarks: [bookmark], findings, review }),
    },
    { replay, ...rest },
  );
}

const id = (page: Page, name: keyof typeof testIds) => page.getByTestId(testIds[name]);
async function open(page: Page): Promise<void> {
  await id(page, 'navRecordings').click();
  await id(page, 'recordingRow').first().waitFor();
  await page.keyboard.press('Enter');
  await page.waitForSelector(`[data-testid="${testIds.replay}"][data-ready="true"]`);
  await page.waitForTimeout(300);
}
async function goTo(page: Page, time: string): Promise<void> {
  await page.keyboard.press('g');
  await id(page, 'replayGoToTime').fill(time);
  await page.keyboard.press('Enter');
  await page.waitForTimeout(300);
}
async function search(page: Page, words: string): Promise<void> {
  await page.keyboard.press('/');
  await id(page, 'replaySearch').fill(words);
  await page.keyboard.press('Enter');
  await page.waitForTimeout(500);
}

const hour = 3_600_000;
/** A day at work: eight hours, five thousand commands, a thousand hits. */
function longDay(): NonNullable<Scenario['replay']> {
  const long = Array.from({ length: 5000 }, (_, index) => ({
    atMs: index * 5700,
    command: index % 5 === 0 ? `kubectl get pods -n payments-${index}` : `tail -n ${index} /var/log/app.log`,
    status: index % 41 === 0 ? 1 : 0,
  }));
  return {
    ...replay,
    opened: { ...opened, durationMs: 8 * hour, parts: [{ t0: 0, t1: 8 * hour }], endReason: 'exit 0' },
    survey: {
      ...survey,
      commands: long,
      lines: long.length * 3,
      marks: Array.from({ length: 2000 }, (_, index) => ({
        atMs: index * 14_000,
        kind: 'marker',
        text: `pasted ${index} lines`,
      })),
    },
    text: long.flatMap((command, index) => [
      { atMs: command.atMs, kind: 'command' as const, text: command.command, alternate: false },
      {
        atMs: command.atMs + 200,
        kind: 'line' as const,
        text: `line ${index} of what it said, error 0x${index.toString(16)}`,
        alternate: false,
      },
      { atMs: command.atMs + 300, kind: 'line' as const, text: '', alternate: false },
    ]),
  };
}

export const shotsOfReplay: readonly Shot[] = [
  {
    name: 'review',
    scenario: reviewer(),
    act: async (page) => {
      await open(page);
      await goTo(page, '15:40');
      await search(page, 'settlement_2026_10');
      await page.keyboard.press('Escape').catch(() => {});
      await search(page, 'settlement_2026_10');
    },
  },
  {
    name: 'review-hover',
    scenario: reviewer(),
    act: async (page) => {
      await open(page);
      const box = await id(page, 'replayTimeline').boundingBox();
      if (box !== null) await page.mouse.move(box.x + box.width * 0.6, box.y + 50);
    },
  },
  {
    name: 'review-only-hits',
    scenario: reviewer(),
    act: async (page) => {
      await open(page);
      await search(page, 'settlement');
      await page.getByLabel('Only commands with hits').check();
    },
  },
  {
    name: 'review-transcript',
    scenario: reviewer(),
    act: async (page) => {
      await open(page);
      await goTo(page, '16:25');
      await page.keyboard.press('t');
      await page.waitForTimeout(300);
    },
  },
  {
    name: 'review-marks',
    scenario: reviewer(),
    act: async (page) => {
      await open(page);
      await page.keyboard.press('Control+.').catch(() => {});
      await page
        .getByRole('tab', { name: 'Marks' })
        .click({ timeout: 2000 })
        .catch(() => {});
    },
  },
  {
    name: 'review-details',
    scenario: reviewer(),
    act: async (page) => {
      await open(page);
      await page
        .getByRole('tab', { name: 'Details' })
        .click({ timeout: 2000 })
        .catch(() => {});
    },
  },
  {
    name: 'review-go-to',
    scenario: reviewer(),
    act: async (page) => {
      await open(page);
      await page.keyboard.press('g');
      await id(page, 'replayGoToTime').fill('25:00');
      await page.keyboard.press('Enter');
    },
  },
  {
    name: 'review-bookmark',
    scenario: reviewer(),
    act: async (page) => {
      await open(page);
      await goTo(page, '11:30');
      await page.keyboard.press('b');
    },
  },
  {
    name: 'review-finding',
    scenario: reviewer(),
    act: async (page) => {
      await open(page);
      await goTo(page, '18:47');
      await page.keyboard.press('f');
    },
  },
  {
    name: 'review-export',
    scenario: reviewer(),
    act: async (page) => {
      await open(page);
      await page.keyboard.press('e');
      await page.waitForTimeout(200);
    },
  },
  {
    name: 'review-hold',
    scenario: reviewer(),
    act: async (page) => {
      await open(page);
      await id(page, 'replayHold').click();
    },
  },
  {
    name: 'review-reviewed',
    scenario: reviewer({}, { ...may, hold: null, reviewed: { by: mira, at: iso(world.now - 600_000), note: '' } }),
    act: open,
  },
  {
    name: 'review-exported',
    scenario: {
      ...reviewer(),
      answers: {
        ...reviewer().answers,
        'replay.export': ok({ path: '/home/priya/Documents/pay-db-03 2026-11-24 14.13.txt', bytes: 48_211 }),
      },
    },
    act: async (page) => {
      await open(page);
      await page.keyboard.press('e');
      await id(page, 'replayExportText').click();
      await page.waitForTimeout(200);
    },
  },
  {
    name: 'review-not-mine-to-review',
    scenario: reviewer(
      {
        replay: {
          ...replay,
          opened: { ...opened, unlocked: ['output'] },
          survey: { ...survey, lines: null, commands: [] },
          text: [],
        },
      },
      { ...may, hold: null, may: { review: false, hold: false } },
    ),
    act: async (page) => {
      await open(page);
      await page.keyboard.press('t');
      await page.waitForTimeout(200);
    },
  },
  {
    name: 'review-locked',
    scenario: {
      ...reviewer({}, may, { mayUnlock: [] }),
      answers: {
        ...reviewer({}, may, { mayUnlock: [] }).answers,
        'replay.open': {
          ok: false,
          error: { code: 'SP-3031', message: 'No access rule lets you open the output of this recording.' },
        },
      },
    },
    act: async (page) => {
      await id(page, 'navRecordings').click();
      await id(page, 'recordingRow').first().waitFor();
      await page.keyboard.press('Enter');
    },
  },
  {
    name: 'review-long',
    scenario: reviewer(
      { replay: longDay() },
      { ...may, hold: null },
      { killedBy: null, endReason: 'exit 0', durationMs: 8 * hour },
    ),
    act: async (page) => {
      await open(page);
      await search(page, 'kubectl');
      for (let step = 0; step < 3; step += 1) await page.keyboard.press('Enter');
      await page.waitForTimeout(400);
    },
  },
];
