import {
  type Box,
  changeWindow,
  focusedGroup,
  freshId,
  type Group,
  groupById,
  groupsIn,
  type Layout,
  type LayoutNode,
  mainWindow,
  mapGroups,
  placeOf,
  tabOrder,
  windowOf,
} from './layout.ts';

export type Side = 'left' | 'right' | 'up' | 'down';

/** Where a tab goes: among the tabs of a group (`index` absent: at the end), beside a group, or into a window of its own. */
export type Spot =
  | { group: string; index?: number }
  | { beside: string; side: Side }
  | { window: 'main' }
  | { window: 'new'; box: Box };

/** Takes a tab away. Its neighbour opens; where it was the last of its group, the others take the room. */
export function withoutTab(layout: Layout, key: string): Layout {
  const place = placeOf(layout, key);
  if (place === null) return layout;
  const { group, window } = place;
  const at = group.tabs.indexOf(key);
  const tabs = group.tabs.filter((each) => each !== key);
  const active = group.active === key ? tabs[Math.min(at, tabs.length - 1)] : group.active;
  const groups = groupsIn(window.root);
  const neighbour = groups[groups.findIndex((each) => each.id === group.id) - 1];
  return changeWindow(layout, window.id, (now) => ({
    ...now,
    focused: active === undefined && now.focused === group.id ? (neighbour?.id ?? null) : now.focused,
    root: mapGroups(now.root, (each) => {
      if (each.id !== group.id) return each;
      return active === undefined ? null : { ...each, tabs, active };
    }),
  }));
}

/** The group where a new tab goes: the focused one of the main window. */
export function homeGroup(layout: Layout): Group | null {
  const window = windowOf(layout, mainWindow);
  return window === undefined ? null : focusedGroup(window);
}

/** Puts a tab that is nowhere into its place; `show` opens it and gives it the focus. */
export function withTab(layout: Layout, key: string, spot: Spot | null, show: boolean): Layout {
  const home = homeGroup(layout);
  const wish = spot ?? { window: 'main' };
  if ('window' in wish) {
    if (wish.window === 'new') return inNewWindow(layout, key, wish.box);
    if (home !== null) return intoGroup(layout, key, home.id, undefined, show);
    const group: Group = { kind: 'group', id: freshId(layout, 'g'), tabs: [key], active: key };
    const placed = changeWindow(layout, mainWindow, (now) => ({ ...now, root: group, focused: group.id }));
    return show || layout.windows.length === 1 ? { ...placed, front: mainWindow } : placed;
  }
  if ('beside' in wish) {
    if (groupById(layout, wish.beside) === null) return withTab(layout, key, null, show);
    return besideGroup(layout, key, wish.beside, wish.side);
  }
  if (groupById(layout, wish.group) === null) return withTab(layout, key, null, show);
  return intoGroup(layout, key, wish.group, wish.index, show);
}

function intoGroup(layout: Layout, key: string, id: string, index: number | undefined, show: boolean): Layout {
  const place = groupById(layout, id);
  if (place === null) return layout;
  const next = changeWindow(layout, place.window.id, (now) => ({
    ...now,
    root: mapGroups(now.root, (group) => {
      if (group.id !== id) return group;
      const tabs = [...group.tabs];
      tabs.splice(index ?? tabs.length, 0, key);
      return { ...group, tabs, active: show ? key : group.active };
    }),
  }));
  return show ? showTab(next, key) : next;
}

function besideGroup(layout: Layout, key: string, id: string, side: Side): Layout {
  const place = groupById(layout, id);
  if (place === null) return layout;
  const made: Group = { kind: 'group', id: freshId(layout, 'g'), tabs: [key], active: key };
  const along = side === 'left' || side === 'right' ? 'row' : 'column';
  const first = side === 'left' || side === 'up';
  const next = changeWindow(layout, place.window.id, (now) => ({
    ...now,
    largest: null,
    root: mapGroups(now.root, (group): LayoutNode => {
      if (group.id !== id) return group;
      const parts = [
        { node: group, share: 0.5 },
        { node: made, share: 0.5 },
      ];
      return { kind: 'split', id: freshId(layout, 's'), along, parts: first ? parts.reverse() : parts };
    }),
  }));
  return showTab(next, key);
}

function inNewWindow(layout: Layout, key: string, box: Box): Layout {
  const group: Group = { kind: 'group', id: freshId(layout, 'g'), tabs: [key], active: key };
  const id = freshId(layout, 'w');
  return {
    windows: [...layout.windows, { id, box, root: group, focused: group.id, largest: null }],
    front: id,
  };
}

/** Moves a tab and shows it there. A group of one tab cannot be split from itself. */
export function moveTab(layout: Layout, key: string, spot: Spot): Layout {
  const place = placeOf(layout, key);
  if (place === null) return layout;
  const alone = place.group.tabs.length === 1;
  if ('beside' in spot && spot.beside === place.group.id && alone) return layout;
  if ('group' in spot && spot.group === place.group.id) {
    const at = place.group.tabs.indexOf(key);
    // Counted with the tab in its old place.
    const index = spot.index === undefined ? undefined : spot.index > at ? spot.index - 1 : spot.index;
    const without = place.group.tabs.filter((each) => each !== key);
    without.splice(index ?? without.length, 0, key);
    const { id } = place.group;
    const root = (node: LayoutNode | null) =>
      mapGroups(node, (group) => (group.id === id ? { ...group, tabs: without } : group));
    return showTab(
      changeWindow(layout, place.window.id, (now) => ({ ...now, root: root(now.root) })),
      key,
    );
  }
  if ('window' in spot && spot.window === 'new' && alone && place.window.id !== mainWindow) {
    if (groupsIn(place.window.root).length === 1) return layout;
  }
  return withTab(withoutTab(layout, key), key, spot, true);
}

/** Opens a tab and gives its group and window the focus. What another group covered by being the largest is uncovered. */
export function showTab(layout: Layout, key: string): Layout {
  const place = placeOf(layout, key);
  if (place === null) return layout;
  const { group, window } = place;
  if (layout.front === window.id && window.focused === group.id && group.active === key) {
    if (window.largest === null || window.largest === group.id) return layout;
  }
  const next = changeWindow(layout, window.id, (now) => ({
    ...now,
    focused: group.id,
    largest: now.largest === group.id ? group.id : null,
    root: mapGroups(now.root, (each) => (each.id === group.id ? { ...each, active: key } : each)),
  }));
  return { ...next, front: window.id };
}

/** The window that is used now. */
export function withFront(layout: Layout, id: string): Layout {
  const window = windowOf(layout, id);
  return window === undefined || window.root === null || layout.front === id ? layout : { ...layout, front: id };
}

/** A detached window is gone: its tabs come back to the main window, side by side with what is there as they were in it. */
export function withoutWindow(layout: Layout, id: string): Layout {
  const window = windowOf(layout, id);
  if (window === undefined || id === mainWindow) return layout;
  const keys = groupsIn(window.root).flatMap((group) => group.tabs);
  const shown = focusedGroup(window)?.active;
  let next: Layout = { windows: layout.windows.filter((each) => each.id !== id), front: mainWindow };
  for (const key of keys) next = withTab(next, key, { window: 'main' }, false);
  return shown === undefined ? next : showTab(next, shown);
}

/** Takes away tabs that are not in `keys` and puts the ones that are new at the end of the home group. */
export function withTabs(layout: Layout, keys: readonly string[]): Layout {
  const there = tabOrder(layout);
  let next = layout;
  for (const key of there) if (!keys.includes(key)) next = withoutTab(next, key);
  for (const key of keys) if (!there.includes(key)) next = withTab(next, key, null, false);
  return next;
}

/** The tab `by` places further over all groups and windows, round the ends. */
export function stepTab(layout: Layout, from: string | null, by: 1 | -1): Layout {
  const order = tabOrder(layout);
  const at = order.indexOf(from ?? '');
  const next = order[(at + by + order.length) % order.length];
  return next === undefined ? layout : showTab(layout, next);
}

/** Lets a group take its whole window, or gives the others their room back. */
export function toggleLargest(layout: Layout, group: string): Layout {
  const place = groupById(layout, group);
  if (place === null) return layout;
  return changeWindow(layout, place.window.id, (now) => ({
    ...now,
    focused: group,
    largest: now.largest === null ? group : null,
  }));
}

/** Remembers where a detached window stands. */
export function withBox(layout: Layout, id: string, box: Box): Layout {
  return changeWindow(layout, id, (now) => (now.box === null ? now : { ...now, box }));
}
