import type { MouseEvent } from 'react';

/** What does something of its own with a press, or has text to select. */
const own = 'button, a, input, textarea, [role="tab"], [tabindex="0"], .selectable, .xterm';

/** A press on a strip where there is nothing to press leaves the focus where it is. Returns whether it was such a place. */
export function keepFocus(event: MouseEvent<HTMLElement>): boolean {
  if (!(event.target instanceof Element) || event.target.closest(own) !== null) return false;
  event.preventDefault();
  return true;
}
