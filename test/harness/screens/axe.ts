import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';

export interface AxeOptions {
  /** Within the page itself: Electron opens no second page for axe to finish in. */
  inPage?: boolean;
  /** What a theme changes: contrast. Everything else is the same in both. */
  coloursOnly?: boolean;
  /** The part to look at; all of the page when left out. */
  within?: string;
}

/** Menus and hints lie at the end of the page, outside its landmarks. That misses nobody: a menu takes the focus, and a hint is read with what it belongs to. */
const onlyMenusAndHints = (target: string) =>
  `(() => {
    const found = document.querySelector(${JSON.stringify(target)}).cloneNode(true);
    if (found.matches('[role="menu"], [role="tooltip"]')) return true;
    for (const part of found.querySelectorAll('[role="menu"], [role="tooltip"], style')) part.remove();
    return found.textContent === '';
  })()`;

/** What a person who cannot see or point would stumble over: WCAG 2.2 A and AA and axe's own best practice, as one line each. */
export async function axeOf(page: Page, options: AxeOptions = {}): Promise<string[]> {
  const axe = new AxeBuilder({ page })
    .setLegacyMode(options.inPage === true)
    // Cells are drawn on a canvas or as spans of the terminal's own; contrast of theirs is kept by the terminal's colours (look.md).
    .exclude('.xterm-screen');
  if (options.within !== undefined) axe.include(options.within);
  if (options.coloursOnly === true) axe.withRules(['color-contrast']);
  else {
    // Who speaks to the computer says what is written on a control: this rule of WCAG 2.1 A is there, but off.
    axe.options({ rules: { 'label-content-name-mismatch': { enabled: true } } });
    axe.withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']);
  }
  const { violations } = await axe.analyze();
  const found: string[] = [];
  for (const { id, impact, nodes } of violations) {
    for (const node of nodes) {
      const target = node.target.join(' ');
      if (id === 'region' && (await page.evaluate(onlyMenusAndHints(target)))) continue;
      const why = node.any[0] ?? node.all[0] ?? node.none[0];
      found.push(`axe ${id} (${impact}): ${target} ${why?.message ?? ''}`);
    }
  }
  return found;
}
