import type { Page } from '@playwright/test';
import { testIds } from '../../../src/renderer/test-ids.ts';
import type { RecordingView } from '../../../src/shared/model/recording.ts';
import type { SearchHit } from '../../../src/shared/model/review.ts';
import { type AppState, defaultSettings, emptyMemory } from '../../../src/shared/protocol/ipc.ts';
import type { Scenario } from './fake-bridge.ts';
import { type Shot, scenario } from './shots.ts';
import * as world from './world.ts';

const ok = (value: unknown) => ({ ok: true, value });
const id = (page: Page, name: keyof typeof testIds) => page.getByTestId(testIds[name]);
const day = 86_400_000;

type Enrolled = Extract<AppState['enrolment'], { state: 'enrolled' }>;
const enrolment = world.appState.enrolment as Enrolled;
const everyView: AppState = {
  ...world.appState,
  enrolment: {
    ...enrolment,
    me: enrolment.me === null ? null : { ...enrolment.me, views: ['targets', 'sessions', 'history', 'recordings'] },
  },
};

const mira = { id: 'mira', name: 'Mira Okafor' };
const at = new Date(world.now - day).toISOString();
type Review = RecordingView['review'];
const reviews: Partial<Review>[] = [
  {
    hold: { by: mira, at, reason: 'Settlement tables, case 114' },
    findings: { open: 2, closed: 0, worst: 'high' },
  },
  {},
  {},
  { reviewed: { by: mira, at, note: '' } },
  { findings: { open: 0, closed: 1, worst: 'low' }, reviewed: { by: mira, at, note: 'Nothing else' } },
];
const refused =
  'connect-failed (SP-2104): The relay gets no answer from 10.20.8.5 port 22. Relay and policy are fine; the target is not listening.';
const people = [
  { id: 'jonas', name: 'Jonas Lindqvist' },
  { id: 'priya', name: 'Priya Nair' },
  { id: 'elin', name: 'Elin Åberg' },
];
const reviewed: RecordingView[] = world.recordings.map((recording, index) => ({
  ...recording,
  user: index > 5 ? (people[index % 3] ?? recording.user) : recording.user,
  endReason: index === 7 ? refused : recording.endReason,
  review: { ...recording.review, ...reviews[index] },
}));

const hit = (which: number, kind: SearchHit['kind'], atMs: number, text: string, word: string): SearchHit => {
  const recording = reviewed[which] ?? world.recordings[0];
  if (recording === undefined) throw new Error('no recording');
  const marks: SearchHit['marks'] = [];
  for (const part of word.split(' ')) {
    for (let from = text.indexOf(part); from >= 0; from = text.indexOf(part, from + 1))
      marks.push([from, from + part.length]);
  }
  return {
    sessionId: recording.sessionId,
    user: recording.user,
    target: recording.target,
    login: recording.login,
    startedAt: recording.startedAt,
    atMs,
    kind,
    text,
    marks,
  };
};
const words = 'systemctl restart';
const hits: SearchHit[] = [
  hit(0, 'command', 84_000, 'sudo systemctl restart postgresql@15-main', words),
  hit(0, 'command', 402_000, 'systemctl restart pgbouncer && systemctl status pgbouncer --no-pager | head -5', words),
  hit(8, 'command', 33_000, 'sudo systemctl restart nginx', words),
  hit(10, 'command', 1_204_000, 'for h in pay-edge-1{1..4}; do ssh $h sudo systemctl restart envoy; done', words),
  hit(
    12,
    'output',
    1_215_000,
    'Nov 24 14:02:11 pay-db-03 sudo[7731]: deploy : TTY=pts/0 ; PWD=/home/deploy ; USER=root ; COMMAND=/usr/bin/systemctl restart postgresql@15-main',
    words,
  ),
  hit(13, 'output', 61_000, 'Hint: run systemctl daemon-reload, then systemctl restart nginx.service', words),
];

const found = (more = false, left = hits) => ok({ hits: left, more, notSearched: { pending: 3, closed: 2 } });

function lists(answers: Scenario['answers'] = {}, rest: Partial<Scenario> = {}): Scenario {
  return scenario(
    {
      'app.state': ok(everyView),
      'recordings.list': ok({ recordings: reviewed, next: null, local: [] }),
      'recordings.search': found(),
      'memory.get': ok({ ...emptyMemory, searches: ['systemctl restart', 'vacuum full', 'ERROR: canceled'] }),
      'settings.get': ok(defaultSettings),
      ...answers,
    },
    rest,
  );
}

const toRecordings = async (page: Page) => id(page, 'navRecordings').click();
const toHistory = async (page: Page) => id(page, 'navHistory').click();
const type = (text: string) => async (page: Page) => {
  await page.keyboard.type(text);
  await page.waitForTimeout(400);
};
/** One after another. */
const steps =
  (...all: ((page: Page) => Promise<void>)[]) =>
  async (page: Page) => {
    for (const step of all) await step(page);
  };
const press = (key: string) => async (page: Page) => page.keyboard.press(key);

const unreachable = {
  code: 'SP-1003' as const,
  message: 'psm.norrland.example does not answer on port 443. Check the network, then try again.',
};
const many: RecordingView[] = Array.from({ length: 10_000 }, (_, index) => {
  const like = reviewed[index % reviewed.length] ?? reviewed[0];
  if (like === undefined) throw new Error('no recording');
  return {
    ...like,
    sessionId: `m-${index}`,
    segments: [],
    startedAt: new Date(world.now - index * 640_000).toISOString(),
  };
});
const mineOnly = reviewed.filter((recording) => recording.user.id === 'jonas');

export const shotsOfLists: readonly Shot[] = [
  { name: 'lists-recordings', scenario: lists(), act: toRecordings },
  {
    name: 'lists-recordings-many',
    scenario: lists({
      'recordings.list': ok({ recordings: many, next: null, local: [] }),
      'settings.get': ok({ ...defaultSettings, density: 'comfortable' }),
    }),
    act: steps(toRecordings, press('PageDown'), press('PageDown'), press('PageDown'), press('PageDown')),
  },
  {
    name: 'lists-recordings-filters',
    scenario: lists(),
    act: steps(toRecordings, press('#'), type('last week'), press('Enter'), press('#'), type('killed'), press('Enter')),
  },
  { name: 'lists-recordings-picker', scenario: lists(), act: steps(toRecordings, press('#')) },
  { name: 'lists-recordings-picker-typed', scenario: lists(), act: steps(toRecordings, press('#'), type('pri')) },
  { name: 'lists-recordings-narrowed', scenario: lists(), act: steps(toRecordings, type('priya')) },
  { name: 'lists-recordings-nothing', scenario: lists(), act: steps(toRecordings, type('systemctl restart')) },
  {
    name: 'lists-recordings-text',
    scenario: lists(),
    act: steps(toRecordings, type('systemctl restart'), press('Enter'), type('')),
  },
  {
    name: 'lists-recordings-text-none',
    scenario: lists({ 'recordings.search': found(false, []) }),
    act: steps(toRecordings, type('systemctl resurrect'), press('Enter'), type('')),
  },
  {
    name: 'lists-recordings-text-problem',
    scenario: lists({ 'recordings.search': { ok: false, error: unreachable } }),
    act: steps(toRecordings, type('systemctl restart'), press('Enter'), type('')),
  },
  {
    name: 'lists-recordings-purpose',
    scenario: lists(),
    act: steps(toRecordings, type('priya'), press('ArrowDown'), press('Enter')),
  },
  {
    name: 'lists-recordings-local',
    scenario: lists({
      'app.state': ok({ ...everyView, backlog: { recordings: 3, bytes: 12_448_000, lastProblem: null } }),
      'recordings.list': ok({ recordings: reviewed, next: null, local: world.waiting }),
    }),
    act: toRecordings,
  },
  { name: 'lists-recordings-loading', scenario: lists({ 'recordings.list': 'never' }), act: toRecordings },
  {
    name: 'lists-recordings-problem',
    scenario: lists({ 'recordings.list': { ok: false, error: unreachable } }),
    act: toRecordings,
  },
  {
    name: 'lists-recordings-empty',
    scenario: lists({ 'recordings.list': ok({ recordings: [], next: null, local: [] }) }),
    act: toRecordings,
  },
  {
    name: 'lists-recordings-offline',
    scenario: lists({ 'app.state': ok({ ...world.offlineState, enrolment: everyView.enrolment }) }),
    act: toRecordings,
  },
  {
    name: 'lists-history',
    scenario: lists({
      'recordings.list': ok({
        recordings: mineOnly,
        next: null,
        local: [...world.waiting, { ...world.waiting[1], sessionId: 's-003', state: 'running' }],
      }),
    }),
    act: toHistory,
  },
  {
    name: 'lists-history-text',
    scenario: lists(),
    act: steps(toHistory, type('systemctl restart'), press('ArrowDown')),
  },
  {
    name: 'lists-history-more',
    scenario: lists({ 'recordings.search': found(true) }),
    act: steps(toHistory, type('systemctl restart'), press('ArrowUp')),
  },
  {
    name: 'lists-history-commands',
    scenario: lists(),
    act: steps(toHistory, press('#'), type('commands'), press('Enter'), type('restart')),
  },
  { name: 'lists-history-recalled', scenario: lists(), act: steps(toHistory, press('ArrowUp'), type('')) },
  {
    name: 'lists-history-empty',
    scenario: lists({ 'recordings.list': ok({ recordings: [], next: null, local: [] }) }),
    act: toHistory,
  },
  {
    name: 'lists-history-offline',
    scenario: lists({
      'app.state': ok({ ...world.offlineState, enrolment: everyView.enrolment }),
      'recordings.list': ok({ recordings: [], next: null, local: world.waiting }),
      'recordings.search': { ok: false, error: unreachable },
    }),
    act: toHistory,
  },
];
