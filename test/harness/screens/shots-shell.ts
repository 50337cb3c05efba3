import type { Page } from '@playwright/test';
import { testIds } from '../../../src/renderer/test-ids.ts';
import type { Problem } from '../../../src/shared/errors/result.ts';
import type { SearchHit } from '../../../src/shared/model/review.ts';
import { type AppState, defaultSettings, emptyMemory, type LocalRecording } from '../../../src/shared/protocol/ipc.ts';
import type { Scenario } from './fake-bridge.ts';
import { type Shot, scenario } from './shots.ts';
import * as world from './world.ts';

const ok = (value: unknown) => ({ ok: true, value });
const id = (page: Page, name: keyof typeof testIds) => page.getByTestId(testIds[name]);

const hit = (text: string, marks: SearchHit['marks'], daysAgo: number): SearchHit => ({
  sessionId: '7f3c2a10',
  user: { id: 'jonas', name: 'Jonas Lindqvist' },
  target: { id: 't-pay-db-03', name: 'pay-db-03', production: true },
  login: 'deploy',
  startedAt: new Date(world.now - daysAgo * 86_400_000).toISOString(),
  atMs: 84_000,
  kind: 'command',
  text,
  marks,
});

type Enrolled = Extract<AppState['enrolment'], { state: 'enrolled' }>;
const enrolment = world.appState.enrolment as Enrolled;
const me = enrolment.me;
/** Somebody who has every view. */
const everyView: AppState = {
  ...world.appState,
  enrolment: {
    ...enrolment,
    me: me === null ? null : { ...me, views: ['targets', 'sessions', 'history', 'recordings'] },
  },
};

function shell(answers: Scenario['answers'] = {}, app: Partial<AppState> = {}): Scenario {
  return scenario({
    'app.state': ok({ ...everyView, ...app }),
    'sessions.list': ok({
      sessions: [
        world.session('a', 'pay-db-03', world.open, { endsAtMs: world.now + 41 * 60_000 }),
        world.session('b', 'pay-edge-12', world.open, { endsAtMs: world.now + 130 * 60_000 }),
      ],
    }),
    'recordings.search': ok({
      hits: [
        hit(
          'select pid, state from pg_stat_activity -- db 03',
          [
            [43, 45],
            [46, 48],
          ],
          4,
        ),
        hit(
          'pg_dump -Fc settlement > /backup/db-03.dump',
          [
            [34, 36],
            [37, 39],
          ],
          12,
        ),
      ],
      more: false,
      notSearched: { pending: 0, closed: 0 },
    }),
    'memory.get': ok({
      ...emptyMemory,
      favourites: ['t-pay-db-03', 't-pay-stage-01'],
      searches: ['nginx reload', 'vacuum full'],
    }),
    'settings.get': ok(defaultSettings),
    'recordings.list': ok({ recordings: world.recordings, next: null, local: [] }),
    ...answers,
  });
}

const palette =
  (text: string, then: (page: Page) => Promise<void> = async () => {}) =>
  async (page: Page) => {
    await page.keyboard.press('Control+k');
    if (text !== '') await id(page, 'paletteInput').fill(text);
    await page.waitForTimeout(350);
    await then(page);
  };

const local = (
  name: string,
  bytes: number,
  state: LocalRecording['state'],
  problem: LocalRecording['problem'] = null,
) => ({
  sessionId: `l-${name}`,
  targetName: name,
  login: 'deploy',
  startedAtMs: world.now - 3_600_000,
  bytes,
  state,
  problem,
});
const stuck: Problem = {
  code: 'SP-3021',
  message:
    'The store refused a part of it: its receipt was for another one. Nothing is lost; it is tried again in 4 minutes.',
};

const settings = (
  section: string,
  answers: Scenario['answers'] = {},
  app: Partial<AppState> = {},
): Pick<Shot, 'scenario' | 'act'> => ({
  scenario: shell(answers, app),
  act: async (page) => {
    await id(page, 'navSettings').click();
    await page.getByRole('tab', { name: section }).click();
    await page.waitForTimeout(200);
  },
});
const fixed: AppState['fixed'] = {
  by: 'IT operations, Norrland',
  settings: { copyOnSelect: false, pasteGuard: 'always', scrollback: 10_000, tray: true },
};

export const shotsOfShell: readonly Shot[] = [
  { name: 'palette', scenario: shell(), act: palette('db 03') },
  { name: 'palette-start', scenario: shell(), act: palette('') },
  {
    name: 'palette-logins',
    scenario: shell(),
    act: palette('stage', async (page) => {
      await page.keyboard.press('Tab');
    }),
  },
  { name: 'palette-actions', scenario: shell(), act: palette('>') },
  { name: 'palette-people', scenario: shell(), act: palette('@') },
  { name: 'palette-history', scenario: shell(), act: palette('/pg') },
  { name: 'palette-nothing', scenario: shell(), act: palette('zzzz') },
  { name: 'keys', scenario: shell(), act: async (page) => page.keyboard.press('F1') },
  {
    name: 'keys-search',
    scenario: shell(),
    act: async (page) => {
      await page.keyboard.press('F1');
      await id(page, 'keysSearch').fill('tab');
    },
  },
  {
    name: 'backlog',
    scenario: shell(
      {
        'recordings.list': ok({
          recordings: world.recordings,
          next: null,
          local: [
            local('pay-db-03', 1_240_000, 'running'),
            local('pay-edge-12', 2_100_000, 'sending'),
            local('pay-batch-02', 8_900_000, 'waiting'),
            local('pay-build-07', 412_000, 'stuck', stuck),
          ],
        }),
      },
      { backlog: { recordings: 3, bytes: 11_412_000, lastProblem: null } },
    ),
    act: async (page) => {
      await id(page, 'backlog').click();
      await page.waitForTimeout(200);
    },
  },
  { name: 'backlog-empty', scenario: shell(), act: async (page) => id(page, 'backlog').click() },
  {
    name: 'backlog-offline',
    scenario: shell(
      {
        'recordings.list': ok({
          recordings: [],
          next: null,
          local: [local('pay-edge-12', 2_100_000, 'waiting'), local('pay-batch-02', 8_900_000, 'waiting')],
        }),
      },
      { connection: world.offlineState.connection, backlog: world.offlineState.backlog },
    ),
    act: async (page) => id(page, 'backlog').click(),
  },
  {
    name: 'offline-start',
    scenario: shell(
      { 'targets.list': { ok: false, error: world.offlineState.backlog.lastProblem } },
      { connection: world.offlineState.connection, enrolment: { ...enrolment, me: null } },
    ),
  },
  {
    name: 'palette-in-terminal',
    scenario: shell(),
    act: async (page) => {
      await id(page, 'navSessions').click();
      await page.waitForTimeout(250);
      await page.keyboard.press('Control+Shift+P');
      await page.waitForTimeout(200);
    },
  },
  { name: 'settings-appearance', ...settings('Appearance') },
  { name: 'settings-terminal', ...settings('Terminal') },
  { name: 'settings-keyboard', ...settings('Keyboard') },
  { name: 'settings-notifications', ...settings('Notifications') },
  { name: 'settings-server', ...settings('Server') },
  { name: 'settings-device', ...settings('This device') },
  { name: 'settings-fixed', ...settings('Fixed by policy', {}, { fixed }) },
  { name: 'settings-terminal-fixed', ...settings('Terminal', {}, { fixed }) },
];
