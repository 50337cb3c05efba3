import type { DrivenLauncher } from '../launcher/drive-launcher.ts';
import { waitUntil } from '../observers/wait.ts';

/** A shell's prompt at the end of the screen's text. */
export const promptPattern = /[$#]\s*$/;

/** `data-testid` of the interface (src/renderer/test-ids.ts); the layers do not let the lab import the renderer. */
export function byTestId(id: string, attributes: Record<string, string> = {}): string {
  return `[data-testid="${id}"]${Object.entries(attributes)
    .map(([name, value]) => `[${name}="${value}"]`)
    .join('')}`;
}

/** The launcher's id of the tab in front. */
export async function activeTab(launcher: DrivenLauncher): Promise<string> {
  const tab = launcher.page.locator(byTestId('session-tab', { 'aria-selected': 'true' }));
  const id = await tab.getAttribute('data-session-id');
  if (id === null) throw new Error('the tab in front has no session');
  return id;
}

/** Resolves with the screen's text when it matches; throws with what it showed instead after `limitMs`. */
export async function screenShows(
  launcher: DrivenLauncher,
  id: string,
  pattern: RegExp,
  limitMs = 10_000,
): Promise<string> {
  let last = '';
  const found = await waitUntil(async () => {
    last = await launcher.screenText(id);
    return pattern.test(last.trimEnd()) || pattern.test(last) ? last : null;
  }, limitMs);
  if (found === null)
    throw new Error(`the terminal did not show ${pattern} within ${limitMs} ms; it shows: ${last.trim().slice(-300)}`);
  return found;
}

/** Finds the target by its name in the search field and presses Enter. Resolves with the tab's id. */
export async function connectByKeyboard(launcher: DrivenLauncher, targetName: string): Promise<string> {
  const { page } = launcher;
  const before = new Set(await tabIds(launcher));
  await page.locator(byTestId('nav-targets')).click();
  const search = page.locator(byTestId('targets-search'));
  await search.fill(targetName);
  await page.locator(byTestId('target-row', { 'data-target-name': targetName })).waitFor();
  await search.press('Enter');
  const id = await waitUntil(async () => (await tabIds(launcher)).find((each) => !before.has(each)) ?? null, 10_000);
  if (id === null) throw new Error(`Enter on ${targetName} opened no session`);
  return id;
}

async function tabIds(launcher: DrivenLauncher): Promise<string[]> {
  const ids = await launcher.page
    .locator(byTestId('session-tab'))
    .evaluateAll((tabs) => tabs.map((tab) => tab.getAttribute('data-session-id')));
  return ids.filter((id) => id !== null);
}

/** Types into the terminal of the tab in front, as a keyboard would. */
export async function typeInto(launcher: DrivenLauncher, id: string, text: string): Promise<void> {
  await launcher.page.locator(byTestId('terminal', { 'data-session-id': id })).click();
  await launcher.page.keyboard.type(text, { delay: 12 });
}

/** Enrols through the first-run screen with a whole invite. */
export async function enrolByInvite(launcher: DrivenLauncher, invite: string): Promise<void> {
  await launcher.page.locator(byTestId('first-run-invite')).fill(invite);
  await launcher.page.locator(byTestId('first-run-continue')).click();
}
