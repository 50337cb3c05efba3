import { changeWindow, groupById, groupsIn, type Layout, type LayoutNode, type WindowLayout } from './layout.ts';
import type { Side } from './layout-moves.ts';

/** In parts of the window's room: 0 to 1. */
export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The line between two panes, which can be moved. */
export interface Sash {
  split: string;
  /** Between part `index` and the next one. */
  index: number;
  along: 'row' | 'column';
  rect: Rect;
  /** The first pane's part of the room of both, 0 to 1. */
  value: number;
  /** Where the room of both begins and how long it is, in the line's direction of movement. */
  from: number;
  room: number;
}

export interface Geometry {
  groups: ReadonlyMap<string, Rect>;
  sashes: readonly Sash[];
}

const whole: Rect = { x: 0, y: 0, width: 1, height: 1 };
/** No pane is made smaller than this part of the room that it shares with its neighbour. */
const smallestPart = 0.12;

/** Where each group and each line of a window is. A group that is the largest has all of it. */
export function geometryOf(window: WindowLayout): Geometry {
  const groups = new Map<string, Rect>();
  const sashes: Sash[] = [];
  if (window.largest !== null) {
    groups.set(window.largest, whole);
    return { groups, sashes };
  }
  const place = (node: LayoutNode, rect: Rect) => {
    if (node.kind === 'group') {
      groups.set(node.id, rect);
      return;
    }
    let at = node.along === 'row' ? rect.x : rect.y;
    node.parts.forEach((part, index) => {
      const length = part.share * (node.along === 'row' ? rect.width : rect.height);
      place(part.node, node.along === 'row' ? { ...rect, x: at, width: length } : { ...rect, y: at, height: length });
      at += length;
      const next = node.parts[index + 1];
      if (next === undefined) return;
      sashes.push({
        split: node.id,
        index,
        along: node.along,
        rect: node.along === 'row' ? { ...rect, x: at, width: 0 } : { ...rect, y: at, height: 0 },
        value: part.share / (part.share + next.share),
        from: at - length,
        room: length + next.share * (node.along === 'row' ? rect.width : rect.height),
      });
    });
  };
  if (window.root !== null) place(window.root, whole);
  return { groups, sashes };
}

const touches = (from: Rect, to: Rect, side: Side): boolean => {
  const little = 1e-6;
  switch (side) {
    case 'left':
      return to.x + to.width <= from.x + little;
    case 'right':
      return to.x >= from.x + from.width - little;
    case 'up':
      return to.y + to.height <= from.y + little;
    case 'down':
      return to.y >= from.y + from.height - little;
  }
};

const overlap = (a: number, lengthA: number, b: number, lengthB: number) =>
  Math.min(a + lengthA, b + lengthB) - Math.max(a, b);

/** The group that a person means with an arrow: the nearest on that side, of several the one that borders on it the longest. */
export function groupBeside(window: WindowLayout, from: string, side: Side): string | null {
  const { groups } = geometryOf({ ...window, largest: null });
  const own = groups.get(from);
  if (own === undefined) return null;
  const across = side === 'left' || side === 'right';
  let best: { id: string; distance: number; shared: number } | null = null;
  for (const [id, rect] of groups) {
    if (id === from || !touches(own, rect, side)) continue;
    const shared = across
      ? overlap(own.y, own.height, rect.y, rect.height)
      : overlap(own.x, own.width, rect.x, rect.width);
    if (shared <= 1e-6) continue;
    const distance = across
      ? Math.abs(rect.x + rect.width / 2 - own.x - own.width / 2)
      : Math.abs(rect.y + rect.height / 2 - own.y - own.height / 2);
    if (best === null || distance < best.distance - 1e-6 || (distance < best.distance + 1e-6 && shared > best.shared))
      best = { id, distance, shared };
  }
  return best?.id ?? null;
}

/** Moves the line after part `index` of a split so that the first of both has `value` (0 to 1) of their room. */
export function withSash(layout: Layout, windowId: string, split: string, index: number, value: number): Layout {
  const bounded = Math.min(1 - smallestPart, Math.max(smallestPart, value));
  const change = (node: LayoutNode): LayoutNode => {
    if (node.kind === 'group') return node;
    const parts = node.parts.map((part) => ({ ...part, node: change(part.node) }));
    const [first, second] = [parts[index], parts[index + 1]];
    if (node.id === split && first !== undefined && second !== undefined) {
      const both = first.share + second.share;
      parts[index] = { ...first, share: both * bounded };
      parts[index + 1] = { ...second, share: both * (1 - bounded) };
    }
    return { ...node, parts };
  };
  return changeWindow(layout, windowId, (now) => ({ ...now, root: now.root === null ? null : change(now.root) }));
}

/** The line that moves when a group is resized towards a side: the one on that side, else the one opposite. */
function lineOf(node: LayoutNode, group: string, along: 'row' | 'column'): { split: string; index: number } | null {
  if (node.kind === 'group') return null;
  const at = node.parts.findIndex((part) => groupsIn(part.node).some((each) => each.id === group));
  const part = node.parts[at];
  if (part === undefined) return null;
  const inner = lineOf(part.node, group, along);
  if (inner !== null || node.along !== along) return inner;
  return { split: node.id, index: at < node.parts.length - 1 ? at : at - 1 };
}

/** Moves a border of a group by `step` (part of the room of the two panes) towards a side; the border that moves is the far one where there is one. */
export function resizeGroup(layout: Layout, group: string, side: Side, step: number): Layout {
  const place = groupById(layout, group);
  if (place === null || place.window.root === null) return layout;
  const along = side === 'left' || side === 'right' ? 'row' : 'column';
  const line = lineOf(place.window.root, group, along);
  if (line === null) return layout;
  const sash = geometryOf({ ...place.window, largest: null }).sashes.find(
    (each) => each.split === line.split && each.index === line.index,
  );
  if (sash === undefined) return layout;
  const by = side === 'right' || side === 'down' ? step : -step;
  return withSash(layout, place.window.id, line.split, line.index, sash.value + by);
}
