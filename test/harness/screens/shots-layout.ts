// Tabs, splits and the states of a pane: what the Sessions view is photographed in.
import type { Page } from '@playwright/test';
import { emptyLayout, groupsIn, type Layout } from '../../../src/renderer/services/layout/layout.ts';
import { layoutText, type RememberedTab } from '../../../src/renderer/services/layout/layout-memory.ts';
import { type Side, withTab, withTabs } from '../../../src/renderer/services/layout/layout-moves.ts';
import { testIds } from '../../../src/renderer/test-ids.ts';
import { emptyMemory, type Memory } from '../../../src/shared/protocol/ipc.ts';
import type { Scenario } from './fake-bridge.ts';
import { type Shot, scenario } from './shots.ts';
import * as world from './world.ts';

const ok = (value: unknown) => ({ ok: true, value });
const id = (page: Page, name: keyof typeof testIds) => page.getByTestId(testIds[name]);
const minute = 60_000;

type View = ReturnType<typeof world.session>;
const named = (key: string, name: string, more: Partial<View> = {}) => world.session(key, name, world.open, more);
const four = [
  named('a', 'pay-db-03', { endsAtMs: world.now + 41 * minute }),
  named('b', 'pay-edge-12', { endsAtMs: world.now + 4 * minute - 20_000 }),
  named('c', 'pay-build-07', { endsAtMs: world.now + 52 * minute }),
  named('d', 'pay-stage-01', { endsAtMs: world.now + 200 * minute }),
];

const remembered = (view: View): RememberedTab => ({
  key: view.id,
  sessionId: view.id,
  targetId: view.targetId,
  targetName: view.targetName,
  login: view.login,
  production: view.production,
});

/** Puts tabs beside each other: each line says what, beside which, on which side. */
function laidOut(first: string[], ...splits: [key: string, beside: string, side: Side][]): Layout {
  let layout = withTabs(emptyLayout, first);
  for (const [key, beside, side] of splits) {
    const group = layout.windows.flatMap((window) => groupsIn(window.root)).find((each) => each.tabs.includes(beside));
    layout = withTab(layout, key, { beside: group?.id ?? '', side }, true);
  }
  return layout;
}

function with_(sessions: View[], layout: Layout, tabs: View[] = sessions, memory: Partial<Memory> = {}): Scenario {
  return scenario({
    'sessions.list': ok({ sessions }),
    'memory.get': ok({
      ...emptyMemory,
      colours: { 't-pay-build-07': 'moss', 't-pay-edge-12': 'sand' },
      layout: layoutText({ tabs: tabs.map(remembered), layout }),
      ...memory,
    }),
  });
}

const toSessions = async (page: Page) => {
  await id(page, 'navSessions').click();
  await page.waitForTimeout(300);
};
const [a, b, c, d] = four as [View, View, View, View];
const twoPanes = laidOut(['a', 'c', 'd'], ['b', 'a', 'right']);
const fourPanes = laidOut(['a'], ['b', 'a', 'right'], ['c', 'a', 'down'], ['d', 'b', 'down']);

const killed = world.session('a', 'pay-db-03', world.ended(world.killedReason), { kill: world.kill });
const broken = world.session('a', 'pay-db-03', world.ended({ kind: 'disconnected', by: 'network' }), {
  endsAtMs: world.now + 41 * minute,
});
const frozen = world.session('c', 'pay-build-07', { state: 'frozen', why: 'lease', endsAtMs: world.now + 11_000 });
const noSecondExchange = world.session(
  'a',
  'pay-db-03',
  world.ended({
    kind: 'connect-failed',
    problem: {
      code: 'SP-2045',
      message:
        'pay-db-03 ended the connection when its keys were to be exchanged a second time, so its host key could not sign what was granted. Nothing was opened. Connect again: this target is not asked for it any more.',
    },
  }),
  { openedAtMs: null },
);

export const shotsOfLayout: readonly Shot[] = [
  { name: 'layout-one', scenario: with_([a, c, d], laidOut(['a', 'c', 'd'])), act: toSessions },
  { name: 'layout-two', scenario: with_(four, twoPanes), act: toSessions },
  { name: 'layout-four', scenario: with_(four, fourPanes), act: toSessions },
  {
    name: 'layout-alone',
    scenario: with_(four, fourPanes),
    act: async (page) => {
      await toSessions(page);
      await page.keyboard.press('Control+Shift+Enter');
      await page.waitForTimeout(150);
    },
  },
  {
    name: 'layout-states',
    scenario: with_([killed, b, frozen, { ...d, ...noSecondExchange, id: 'd' }], fourPanes),
    act: toSessions,
  },
  { name: 'layout-killed', scenario: with_([killed, b], laidOut(['a'], ['b', 'a', 'right'])), act: toSessions },
  { name: 'layout-broken', scenario: with_([broken, b], laidOut(['a', 'b'])), act: toSessions },
  { name: 'layout-no-anchors', scenario: with_([noSecondExchange, b], laidOut(['a', 'b'])), act: toSessions },
  { name: 'layout-waiting', scenario: with_([], fourPanes, four), act: toSessions },
  { name: 'layout-waiting-one', scenario: with_([c], laidOut(['a', 'c']), [a, c]), act: toSessions },
  {
    name: 'layout-menu',
    scenario: with_(four, twoPanes),
    act: async (page) => {
      await toSessions(page);
      await id(page, 'sessionTab').nth(1).click({ button: 'right' });
      await page.waitForTimeout(250);
    },
  },
  {
    name: 'layout-head-menu',
    scenario: with_(four, fourPanes),
    act: async (page) => {
      await toSessions(page);
      await page.keyboard.press('Control+Shift+M');
      await page.waitForTimeout(250);
    },
  },
  {
    name: 'layout-drag',
    scenario: with_(four, twoPanes),
    act: async (page) => {
      await toSessions(page);
      const tab = await id(page, 'sessionTab').nth(1).boundingBox();
      const pane = await page.locator('[role="tabpanel"]:visible').last().boundingBox();
      if (tab === null || pane === null) return;
      await page.mouse.move(tab.x + 40, tab.y + 20);
      await page.mouse.down();
      await page.mouse.move(pane.x + pane.width / 2, pane.y + pane.height - 60, { steps: 8 });
      await page.waitForTimeout(100);
    },
  },
];
