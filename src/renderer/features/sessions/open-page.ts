import type { Box } from '../../services/layout/layout.ts';

/** A window that this page may draw in. */
export interface Page {
  window: Window & typeof globalThis;
  document: Document;
  /** What is drawn goes in here. */
  root: HTMLElement;
  close(): void;
}

/** So long a window has to load the empty page. */
const limitMs = 5000;
const fonts = ['13px "Commit Mono"', 'bold 13px "Commit Mono"', '13px "Instrument Sans Variable"'];

/** Main's guards allow exactly this address (src/main/windows/detached-window.ts). */
const address = () => new URL('popout.html', location.href.split('?')[0]).href;

function loaded(opened: Window): Promise<boolean> {
  return new Promise((resolve) => {
    const began = performance.now();
    const look = () => {
      if (opened.closed || performance.now() - began > limitMs) resolve(false);
      else if (opened.document.readyState === 'complete' && opened.location.pathname.endsWith('/popout.html'))
        resolve(true);
      else setTimeout(look, 15);
    };
    look();
  });
}

/** The page's styles, but those of terminals, which bring their own along. Resolves when they hold. */
async function copyStyles(to: Document): Promise<void> {
  const waits: Promise<unknown>[] = [];
  for (const node of document.querySelectorAll('link[rel="stylesheet"], style')) {
    if (node.closest('.xterm') !== null) continue;
    const copy = to.importNode(node, true);
    if (copy instanceof HTMLLinkElement || copy.nodeName === 'LINK')
      waits.push(
        new Promise((resolve) => {
          copy.addEventListener('load', resolve);
          copy.addEventListener('error', resolve);
        }),
      );
    // An address relative to this page would be relative to that one.
    if (node instanceof HTMLLinkElement) copy.setAttribute('href', node.href);
    to.head.append(copy);
  }
  await Promise.all(waits);
  await Promise.allSettled(fonts.map((font) => to.fonts.load(font)));
}

/** What the root element of this page says of theme and density, it says there too, as long as the window lives. */
function followRoot(to: Document): () => void {
  const copy = () => {
    for (const { name, value } of document.documentElement.attributes) to.documentElement.setAttribute(name, value);
  };
  copy();
  const observer = new MutationObserver(copy);
  observer.observe(document.documentElement, { attributes: true });
  return () => observer.disconnect();
}

/** Opens a window that this page draws in; null where there can be none. */
export async function openPage(box: Box | null): Promise<Page | null> {
  const place = box ?? { left: window.screenX + 60, top: window.screenY + 60, width: 900, height: 600 };
  const features = `popup,left=${place.left},top=${place.top},width=${place.width},height=${place.height}`;
  const opened = window.open(address(), '_blank', features) as (Window & typeof globalThis) | null;
  if (opened === null || !(await loaded(opened))) {
    opened?.close();
    return null;
  }
  const page = opened.document;
  const stop = followRoot(page);
  await copyStyles(page);
  const root = page.createElement('div');
  root.id = 'root';
  page.body.append(root);
  const close = () => {
    stop();
    opened.close();
  };
  // This page's end is theirs.
  window.addEventListener('pagehide', close);
  return {
    window: opened,
    document: page,
    root,
    close: () => {
      window.removeEventListener('pagehide', close);
      close();
    },
  };
}
