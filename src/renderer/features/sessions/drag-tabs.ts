import { groupsIn, type WindowLayout } from '../../services/layout/layout.ts';
import type { Side, Spot } from '../../services/layout/layout-moves.ts';
import { makeStore } from '../../services/store.ts';

/** In CSS px of the window's page. */
interface Area {
  left: number;
  top: number;
  width: number;
  height: number;
}

export type DropTarget =
  | { kind: 'spot'; spot: Exclude<Spot, { window: 'main' | 'new' }>; shown: Area; line: boolean }
  /** Outside of every window: it becomes one of its own there. */
  | { kind: 'out'; screenX: number; screenY: number };

/** A tab that is being dragged, for the windows to draw. */
export interface TabDrag {
  key: string;
  /** The window under the pointer; null outside of all. */
  over: string | null;
  x: number;
  y: number;
  target: DropTarget | null;
}

export const tabDrag = makeStore<TabDrag | null>(null);

/** The element that each window draws its panes in. */
const stages = new Map<string, HTMLElement>();

export function registerStage(windowId: string, element: HTMLElement): () => void {
  stages.set(windowId, element);
  return () => {
    if (stages.get(windowId) === element) stages.delete(windowId);
  };
}

const areaOf = (rect: DOMRect): Area => ({ left: rect.left, top: rect.top, width: rect.width, height: rect.height });
const holds = (area: Area, x: number, y: number) =>
  x >= area.left && x < area.left + area.width && y >= area.top && y < area.top + area.height;

/** Which side of a pane is meant, or null for its middle: the nearest border within a quarter of the room. */
export function sideAt(area: Area, x: number, y: number): Side | null {
  const near: [Side, number][] = [
    ['left', (x - area.left) / area.width],
    ['right', (area.left + area.width - x) / area.width],
    ['up', (y - area.top) / area.height],
    ['down', (area.top + area.height - y) / area.height],
  ];
  const [side, distance] = near.reduce((best, one) => (one[1] < best[1] ? one : best));
  return distance < 0.25 ? side : null;
}

export function halfOf(area: Area, side: Side | null): Area {
  if (side === null) return area;
  const across = side === 'left' || side === 'right';
  return {
    left: side === 'right' ? area.left + area.width / 2 : area.left,
    top: side === 'down' ? area.top + area.height / 2 : area.top,
    width: across ? area.width / 2 : area.width,
    height: across ? area.height : area.height / 2,
  };
}

function dropAt(stage: HTMLElement, x: number, y: number): DropTarget | null {
  for (const frame of stage.querySelectorAll<HTMLElement>('[data-group-id]')) {
    const group = frame.dataset.groupId ?? '';
    const bar = areaOf(frame.getBoundingClientRect());
    if (holds(bar, x, y)) {
      const tabs = [...frame.querySelectorAll('[data-tab-key]')].map((tab) => tab.getBoundingClientRect());
      const found = tabs.findIndex((rect) => x < rect.left + rect.width / 2);
      const index = found < 0 ? tabs.length : found;
      const left = tabs[index]?.left ?? tabs.at(-1)?.right ?? bar.left;
      const shown = { left: left - 2, top: bar.top + 6, width: 3, height: bar.height - 8 };
      return { kind: 'spot', spot: { group, index }, shown, line: true };
    }
    const pane = stage.querySelector(`[data-pane-of="${group}"]`);
    if (pane === null) continue;
    const area = areaOf(pane.getBoundingClientRect());
    if (!holds(area, x, y)) continue;
    const side = sideAt(area, x, y);
    const spot = side === null ? { group } : { beside: group, side };
    return { kind: 'spot', spot, shown: halfOf(area, side), line: false };
  }
  return null;
}

/** Where the pointer is, by its place on the screen: in the window that the drag began in, else in another, else outside. */
function find(event: PointerEvent, home: string): Pick<TabDrag, 'over' | 'x' | 'y' | 'target'> {
  const order = [home, ...[...stages.keys()].filter((id) => id !== home)];
  for (const id of order) {
    const stage = stages.get(id);
    const page = stage?.ownerDocument.defaultView;
    if (stage === undefined || page == null) continue;
    // The drag's own window says where the pointer is; of another one the frame's width has to be guessed, which is its title bar.
    const x = id === home ? event.clientX : event.screenX - page.screenX - (page.outerWidth - page.innerWidth) / 2;
    const y = id === home ? event.clientY : event.screenY - page.screenY - (page.outerHeight - page.innerHeight);
    if (!holds({ left: 0, top: 0, width: page.innerWidth, height: page.innerHeight }, x, y)) continue;
    return { over: id, x, y, target: dropAt(stage, x, y) };
  }
  const target: DropTarget = { kind: 'out', screenX: event.screenX, screenY: event.screenY };
  return { over: null, x: event.clientX, y: event.clientY, target };
}

/** A press becomes a drag when it has moved so far, in px. */
const threshold = 6;

/** Follows a press on a tab. `done` is told where it was let go; nothing is told of a press that was none. */
export function followDrag(options: {
  event: PointerEvent;
  element: HTMLElement;
  key: string;
  windowId: string;
  done: (target: DropTarget) => void;
}): void {
  const { event, element, key, windowId } = options;
  const page = element.ownerDocument.defaultView;
  if (page === null) return;
  const ends = new AbortController();
  const { signal } = ends;
  let dragging = false;
  const end = () => {
    ends.abort();
    tabDrag.set(null);
  };
  const move = (now: PointerEvent) => {
    if (now.pointerId !== event.pointerId) return;
    if (!dragging) {
      if (Math.hypot(now.clientX - event.clientX, now.clientY - event.clientY) < threshold) return;
      dragging = true;
      // From here on the pointer is ours also outside of the window.
      element.setPointerCapture(event.pointerId);
    }
    tabDrag.set({ key, ...find(now, windowId) });
  };
  const up = () => {
    const target = tabDrag.get()?.target ?? null;
    end();
    if (dragging && target !== null) options.done(target);
  };
  page.addEventListener('pointermove', move, { signal });
  page.addEventListener('pointerup', up, { signal });
  page.addEventListener('pointercancel', end, { signal });
  page.addEventListener('blur', end, { signal });
  page.addEventListener(
    'keydown',
    (pressed) => {
      if (pressed.key !== 'Escape' || !dragging) return;
      pressed.preventDefault();
      pressed.stopPropagation();
      end();
    },
    { signal, capture: true },
  );
}

/** Whether a window has more than one pane. */
export function isSplit(window: WindowLayout): boolean {
  return groupsIn(window.root).length > 1;
}
