import type { Page } from '@playwright/test';
import { testIds } from '../../../src/renderer/test-ids.ts';
import { emptyMemory } from '../../../src/shared/protocol/ipc.ts';
import { type Shot, scenario } from './shots.ts';
import * as world from './world.ts';

const ok = (value: unknown) => ({ ok: true, value });
const idOf = (name: string) => world.targets.find((target) => target.name === name)?.id ?? '';
const favourites = ['pay-db-03', 'pay-edge-12', 'pay-stage-01'].map(idOf);
const withFavourites = scenario({
  'memory.get': ok({ ...emptyMemory, favourites }),
  'sessions.connect': ok({ id: 'a' }),
});
const search = (page: Page, text: string) => page.getByTestId(testIds.targetsSearch).fill(text);

/** Connects once with a reason that is to stand for others, and comes back to the list. */
async function covered(page: Page): Promise<void> {
  await search(page, 'pay-batch');
  await page.keyboard.press('Enter');
  await page.getByTestId(testIds.connectTicket).fill('INC-20418');
  await page.getByTestId(testIds.connectReason).fill('lock waits on settlement');
  await page.getByRole('checkbox').check();
  await page.getByTestId(testIds.connectConfirm).click();
  await page.getByTestId(testIds.navTargets).click();
  await search(page, 'pay');
}

export const shotsOfTargets: readonly Shot[] = [
  { name: 'targets-favourites', scenario: withFavourites, act: (page) => search(page, 'pay') },
  {
    name: 'targets-question',
    scenario: withFavourites,
    act: async (page) => {
      await search(page, 'pay-batch');
      await page.keyboard.press('Enter');
    },
  },
  { name: 'targets-covered', scenario: withFavourites, act: covered },
  {
    name: 'targets-logins',
    scenario: withFavourites,
    act: async (page) => {
      await search(page, 'pay-db-03');
      await page.keyboard.press('ArrowRight');
    },
  },
];
