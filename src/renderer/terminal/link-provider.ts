import type { IDisposable, ILink, Terminal } from '@xterm/xterm';
import { visibleText } from './link-address.ts';
import type { ScreenLink, ScreenLinks } from './screen-links.ts';

const isMac = /mac/i.test(navigator.userAgent);

/** The keys that a click on a link needs, in words. */
export const linkClick = isMac ? 'Command and click' : 'Ctrl and click';

const isAsking = (event: MouseEvent | KeyboardEvent) => (isMac ? event.metaKey : event.ctrlKey);

/**
 * Links that answer to a click with Ctrl (macOS: Command) and to nothing else. Under the pointer they are underlined and say where they go.
 */
export function provideLinks(
  terminal: Terminal,
  links: ScreenLinks,
  element: HTMLElement,
  ask: (link: ScreenLink) => void,
): IDisposable {
  return terminal.registerLinkProvider({
    provideLinks(row, callback) {
      const found = links.inLine(row - 1);
      callback(found.length === 0 ? undefined : found.map((link) => toLink(link, element, ask)));
    },
  });
}

function toLink(link: ScreenLink, element: HTMLElement, ask: (link: ScreenLink) => void): ILink {
  // The pointer turns into a hand only while the click would do something.
  const follow = (event: KeyboardEvent) => {
    if (made.decorations !== undefined) made.decorations.pointerCursor = isAsking(event);
  };
  const stop = () => {
    element.removeAttribute('title');
    element.ownerDocument.removeEventListener('keydown', follow, true);
    element.ownerDocument.removeEventListener('keyup', follow, true);
  };
  const made: ILink = {
    text: link.address,
    range: { start: { x: link.start.x + 1, y: link.start.y + 1 }, end: { x: link.end.x + 1, y: link.end.y + 1 } },
    decorations: { underline: true, pointerCursor: false },
    activate(event) {
      if (event.button === 0 && isAsking(event)) ask(link);
    },
    hover(event) {
      element.title = `${visibleText(link.address).slice(0, 300)}\n${linkClick} to open`;
      if (made.decorations !== undefined) made.decorations.pointerCursor = isAsking(event);
      element.ownerDocument.addEventListener('keydown', follow, true);
      element.ownerDocument.addEventListener('keyup', follow, true);
    },
    leave: stop,
    dispose: stop,
  };
  return made;
}
