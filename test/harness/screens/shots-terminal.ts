// The terminal's manners: ticks of commands and their menu, coloured words, links and what is said of them, find, the paste guard.
import type { Page } from '@playwright/test';
import { testIds } from '../../../src/renderer/test-ids.ts';
import type { Scenario } from './fake-bridge.ts';
import { type Shot, scenario } from './shots.ts';
import * as world from './world.ts';

const ok = (value: unknown) => ({ ok: true, value });
const id = (page: Page, name: keyof typeof testIds) => page.getByTestId(testIds[name]);

const prompt = '\x1b[32mdeploy@pay-db-03\x1b[0m:\x1b[34m~\x1b[0m$ ';
/** A command as a shell with OSC 133 prints it. */
const command = (text: string, output: readonly string[], status: number) =>
  `\x1b]133;A\x07${prompt}\x1b]133;B\x07${text}\r\n\x1b]133;C\x07${output.map((line) => `${line}\r\n`).join('')}\x1b]133;D;${status}\x07`;
const link = (address: string, text: string) => `\x1b]8;;${address}\x1b\\${text}\x1b]8;;\x1b\\`;

const screen = [
  command('uptime', [' 14:32:07 up 31 days,  4:11,  2 users,  load average: 0.41, 0.38, 0.29'], 0),
  command(
    'systemctl restart settle-worker',
    ['Job for settle-worker.service failed because a timeout was exceeded.'],
    1,
  ),
  command(
    'journalctl -u settle-worker -n 8',
    [
      'Nov 24 14:29:41 pay-db-03 settle[4127]: connecting to 10.20.3.31:8443',
      'Nov 24 14:29:44 pay-db-03 settle[4127]: warning: pool is at 90 %, see https://docs.norrland.example/pool#limits',
      'Nov 24 14:30:12 pay-db-03 settle[4127]: ERROR: deadlock detected, transaction 88121 aborted',
      'Nov 24 14:30:12 pay-db-03 settle[4127]: \x1b[32mno error\x1b[0m in the retry queue',
      'Nov 24 14:31:02 pay-db-03 settle[4127]: permission denied for table settlement_2026_10',
      `Nov 24 14:31:02 pay-db-03 settle[4127]: details at ${link('https://xn--nrrland-9ig.example/incident?id=20418', 'norrland.example/incident')}`,
      `Nov 24 14:31:03 pay-db-03 settle[4127]: ${link('javascript:alert(1)', 'run the repair')}`,
    ],
    0,
  ),
  command('grep -c settlement_2026_10 /etc/cron.daily/*', ['/etc/cron.daily/settle:2'], 0),
  `\x1b]133;A\x07${prompt}\x1b]133;B\x07`,
].join('');

const withScreen = (answers: Scenario['answers'] = {}) =>
  scenario(
    { 'sessions.list': ok({ sessions: [world.session('a', 'pay-db-03', world.open)] }), ...answers },
    { terminals: { a: screen } },
  );
const toSessions = async (page: Page) => {
  await id(page, 'navSessions').click();
  await page.waitForTimeout(500);
};
const press = async (page: Page, keys: string) => {
  await page.keyboard.press(keys);
  await page.waitForTimeout(250);
};
/** Chooses the link with this text from the list of links. */
const choose = async (page: Page, text: string) => {
  await toSessions(page);
  await press(page, 'Control+Shift+J');
  await id(page, 'linkList').getByText(text).click();
  await page.waitForTimeout(250);
};
const pasting = (text: string) => withScreen({ 'clipboard.read': ok({ text }) });
const paste = async (page: Page) => {
  await toSessions(page);
  await press(page, 'Control+Shift+V');
};

export const shotsOfTerminal: readonly Shot[] = [
  { name: 'terminal-commands', scenario: withScreen(), act: toSessions },
  {
    name: 'terminal-command-menu',
    scenario: withScreen(),
    act: async (page) => {
      await toSessions(page);
      for (let times = 0; times < 3; times += 1) await page.keyboard.press('Control+Shift+PageUp');
      await press(page, 'Control+Shift+K');
    },
  },
  {
    name: 'terminal-output-copied',
    scenario: withScreen(),
    act: async (page) => {
      await toSessions(page);
      await page.keyboard.press('Control+Shift+PageUp');
      await page.keyboard.press('Control+Shift+PageUp');
      await press(page, 'Control+Shift+O');
    },
  },
  {
    name: 'terminal-links',
    scenario: withScreen(),
    act: async (page) => {
      await toSessions(page);
      await press(page, 'Control+Shift+J');
    },
  },
  { name: 'terminal-link', scenario: withScreen(), act: (page) => choose(page, 'docs.norrland') },
  { name: 'terminal-link-deceit', scenario: withScreen(), act: (page) => choose(page, 'norrland.example/incident') },
  { name: 'terminal-link-other', scenario: withScreen(), act: (page) => choose(page, 'run the repair') },
  {
    name: 'terminal-find',
    scenario: withScreen(),
    act: async (page) => {
      await toSessions(page);
      await page.keyboard.press('Control+Shift+F');
      await page.keyboard.type('settle\\[\\d+\\]');
      await page.getByRole('button', { name: 'Regular expression' }).click();
      await page.waitForTimeout(400);
    },
  },
  {
    name: 'terminal-find-broken',
    scenario: withScreen(),
    act: async (page) => {
      await toSessions(page);
      await page.keyboard.press('Control+Shift+F');
      await page.getByRole('button', { name: 'Regular expression' }).click();
      await id(page, 'findInput').fill('settle[');
      await page.waitForTimeout(300);
    },
  },
  {
    name: 'terminal-paste-odd',
    scenario: pasting('sudo \x1b[201~rm -r /srv/old\x07\ncat notes\u202etxt.sh\u200b\n'),
    act: paste,
  },
  {
    name: 'terminal-paste-long',
    scenario: pasting(
      Array.from(
        { length: 1240 },
        (_, at) => `insert into settlement_2026_10 values (${at + 1}, 'row ${at + 1}');`,
      ).join('\n'),
    ),
    act: paste,
  },
];
