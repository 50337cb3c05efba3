/** Where a window stands on the screen and how large its content is, in CSS px. */
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Tabs that share one pane; never without one. */
export interface Group {
  kind: 'group';
  id: string;
  /** Keys of tabs, in order. */
  tabs: readonly string[];
  /** The open one. */
  active: string;
}

/** Panes beside each other (`row`) or above each other (`column`); at least two, none of them a split in the same direction. */
export interface Split {
  kind: 'split';
  id: string;
  along: 'row' | 'column';
  /** `share`: part of the room, together 1. */
  parts: readonly { node: LayoutNode; share: number }[];
}

export type LayoutNode = Group | Split;

export interface WindowLayout {
  /** `main`, or the name of a detached window. */
  id: string;
  /** Null for the main window, whose place main keeps. */
  box: Box | null;
  /** Null only in the main window. */
  root: LayoutNode | null;
  /** The group that has the focus when the window has; null where there is none. */
  focused: string | null;
  /** The group that takes the whole window for now. */
  largest: string | null;
}

/** Where every tab is. The main window is the first; each tab is in exactly one group. */
export interface Layout {
  windows: readonly WindowLayout[];
  /** The window that was used last. */
  front: string;
}

export const mainWindow = 'main';

export const emptyLayout: Layout = {
  windows: [{ id: mainWindow, box: null, root: null, focused: null, largest: null }],
  front: mainWindow,
};

/** The groups below a node, in reading order. */
export function groupsIn(node: LayoutNode | null): Group[] {
  if (node === null) return [];
  return node.kind === 'group' ? [node] : node.parts.flatMap((part) => groupsIn(part.node));
}

/** All tabs in the order in which they are seen: window by window, group by group. */
export function tabOrder(layout: Layout): string[] {
  return layout.windows.flatMap((window) => groupsIn(window.root).flatMap((group) => group.tabs));
}

export function windowOf(layout: Layout, id: string): WindowLayout | undefined {
  return layout.windows.find((window) => window.id === id);
}

/** The window and the group that a tab is in. */
export function placeOf(layout: Layout, key: string): { window: WindowLayout; group: Group } | null {
  for (const window of layout.windows) {
    const group = groupsIn(window.root).find((each) => each.tabs.includes(key));
    if (group !== undefined) return { window, group };
  }
  return null;
}

/** The group with this id and its window. */
export function groupById(layout: Layout, id: string): { window: WindowLayout; group: Group } | null {
  for (const window of layout.windows) {
    const group = groupsIn(window.root).find((each) => each.id === id);
    if (group !== undefined) return { window, group };
  }
  return null;
}

/** The group that has the focus in a window. */
export function focusedGroup(window: WindowLayout): Group | null {
  const groups = groupsIn(window.root);
  return groups.find((group) => group.id === window.focused) ?? groups[0] ?? null;
}

/** The tab in front: the open one of the focused group of the window that was used last. */
export function frontTab(layout: Layout): string | null {
  const window = windowOf(layout, layout.front) ?? layout.windows[0];
  const group = window === undefined ? null : focusedGroup(window);
  if (group !== null) return group.active;
  for (const other of layout.windows) {
    const first = focusedGroup(other);
    if (first !== null) return first.active;
  }
  return null;
}

/** An id that no group, split or window has. */
export function freshId(layout: Layout, letter: 'g' | 's' | 'w'): string {
  const ids = new Set<string>();
  const collect = (node: LayoutNode | null) => {
    if (node === null) return;
    ids.add(node.id);
    if (node.kind === 'split') for (const part of node.parts) collect(part.node);
  };
  for (const window of layout.windows) {
    ids.add(window.id);
    collect(window.root);
  }
  for (let number = 1; ; number += 1) {
    if (!ids.has(`${letter}${number}`)) return `${letter}${number}`;
  }
}

/** Replaces groups; null takes one away. What is left is put in order: no empty split, no split within a split of its own direction. */
export function mapGroups(node: LayoutNode | null, change: (group: Group) => LayoutNode | null): LayoutNode | null {
  if (node === null) return null;
  if (node.kind === 'group') return change(node);
  const parts: { node: LayoutNode; share: number }[] = [];
  for (const part of node.parts) {
    const next = mapGroups(part.node, change);
    if (next === null) continue;
    if (next.kind === 'split' && next.along === node.along)
      parts.push(...next.parts.map((inner) => ({ node: inner.node, share: inner.share * part.share })));
    else parts.push({ node: next, share: part.share });
  }
  if (parts.length === 0) return null;
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only.node;
  const total = parts.reduce((sum, part) => sum + part.share, 0);
  return { ...node, parts: parts.map((part) => ({ node: part.node, share: part.share / total })) };
}

/** Changes one window; a detached window without a tab goes, and what pointed to something that is gone points to what is there. */
export function changeWindow(layout: Layout, id: string, change: (window: WindowLayout) => WindowLayout): Layout {
  const windows = layout.windows
    .map((window) => (window.id === id ? tidyWindow(change(window)) : window))
    .filter((window) => window.root !== null || window.id === mainWindow);
  const front = windows.some((window) => window.id === layout.front && window.root !== null)
    ? layout.front
    : mainWindow;
  return { windows, front };
}

function tidyWindow(window: WindowLayout): WindowLayout {
  const ids = groupsIn(window.root).map((group) => group.id);
  return {
    ...window,
    focused: window.focused !== null && ids.includes(window.focused) ? window.focused : (ids[0] ?? null),
    largest: window.largest !== null && ids.length > 1 && ids.includes(window.largest) ? window.largest : null,
  };
}
