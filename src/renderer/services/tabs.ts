import type { SessionView } from '../../shared/protocol/ipc.ts';
import { emptyLayout, frontTab, type Layout, placeOf, tabOrder } from './layout/layout.ts';
import type { Remembered, Waiting } from './layout/layout-memory.ts';
import {
  moveTab,
  type Side,
  type Spot,
  showTab,
  stepTab as stepLayout,
  withTab,
  withTabs,
} from './layout/layout-moves.ts';

/** A place for a session. A reconnect puts the new session into the same place; the earlier one's screen stays with it. */
export interface Tab {
  key: string;
  /** The launcher's id of its session; of a tab that waits, one that no session has. */
  sessionId: string;
  /** Sessions that ended here before, newest first. */
  earlier: string[];
  /** What stood here when the launcher ended: nothing is connected. Null where a session is. */
  waiting: Waiting | null;
}

export interface Tabs {
  /** In the order in which they are seen, over all groups and windows. */
  tabs: Tab[];
  /** The tab in front. */
  activeKey: string | null;
  layout: Layout;
}

export const noTabs: Tabs = { tabs: [], activeKey: null, layout: emptyLayout };

/** Brings tabs into the order of the layout. Every tab must be in it. */
function arranged(tabs: readonly Tab[], layout: Layout): Tabs {
  const byKey = new Map(tabs.map((tab) => [tab.key, tab]));
  return { tabs: tabOrder(layout).flatMap((key) => byKey.get(key) ?? []), activeKey: frontTab(layout), layout };
}

/** The same tabs in another layout. */
export function withLayout(now: Tabs, layout: Layout): Tabs {
  return layout === now.layout ? now : arranged(now.tabs, layout);
}

/** Follows main's list: new sessions get a tab at the end, forgotten ones lose theirs. The open tab's neighbour opens when it goes. */
export function followSessions(now: Tabs, sessions: readonly SessionView[]): Tabs {
  const known = new Set(sessions.map((session) => session.id));
  const kept = now.tabs.flatMap((tab) => {
    const earlier = tab.earlier.filter((id) => known.has(id));
    return tab.waiting !== null || known.has(tab.sessionId) ? [{ ...tab, earlier }] : [];
  });
  const placed = new Set(kept.flatMap((tab) => [tab.sessionId, ...tab.earlier]));
  const added = sessions
    .filter((session) => !placed.has(session.id))
    .map((session): Tab => ({ key: session.id, sessionId: session.id, earlier: [], waiting: null }));
  const tabs = [...kept, ...added];
  return arranged(
    tabs,
    withTabs(
      now.layout,
      tabs.map((tab) => tab.key),
    ),
  );
}

/** Where a session opens: at the end of the tabs (null), in the place of a tab, or at a spot of the layout. */
export type Opens = { replaces: string } | { spot: Spot } | null;

/** Beside the pane that has the focus. */
export function besideFront(now: Tabs, side: Side): Opens {
  const place = now.activeKey === null ? null : placeOf(now.layout, now.activeKey);
  return place === null ? null : { spot: { beside: place.group.id, side } };
}

/** Opens a session in a tab of its own, or in the place of the tab with the key `replaces`. */
export function placeSession(now: Tabs, sessionId: string, opens: Opens): Tabs {
  const place = opens !== null && 'replaces' in opens ? now.tabs.find((tab) => tab.key === opens.replaces) : undefined;
  const there = now.tabs.find((tab) => tab.sessionId === sessionId);
  if (place !== undefined && place !== there) {
    const earlier = place.waiting === null ? [place.sessionId, ...place.earlier] : [];
    const renewed: Tab = { key: place.key, sessionId, earlier, waiting: null };
    const tabs = now.tabs.filter((tab) => tab !== there).map((tab) => (tab === place ? renewed : tab));
    const layout = withTabs(
      now.layout,
      tabs.map((tab) => tab.key),
    );
    return arranged(tabs, showTab(layout, place.key));
  }
  const tab: Tab = there ?? { key: sessionId, sessionId, earlier: [], waiting: null };
  const tabs = there === undefined ? [...now.tabs, tab] : now.tabs;
  const spot = opens !== null && 'spot' in opens ? opens.spot : null;
  if (placeOf(now.layout, tab.key) === null) return arranged(tabs, withTab(now.layout, tab.key, spot, true));
  return arranged(tabs, spot === null ? showTab(now.layout, tab.key) : moveTab(now.layout, tab.key, spot));
}

/** A tab that is dismissed without main knowing of it. */
export function dropWaiting(now: Tabs, key: string): Tabs {
  const tabs = now.tabs.filter((tab) => tab.key !== key || tab.waiting === null);
  return arranged(
    tabs,
    withTabs(
      now.layout,
      tabs.map((tab) => tab.key),
    ),
  );
}

/** The tab `by` places further, round the ends. */
export function stepTab(now: Tabs, by: 1 | -1): Tabs {
  return withLayout(now, stepLayout(now.layout, now.activeKey, by));
}

/** What is remembered becomes tabs again: with its session where main still has it, else waiting. */
export function restoreTabs(remembered: Remembered, sessions: readonly SessionView[]): Tabs {
  const known = new Set(sessions.map((session) => session.id));
  const tabs = remembered.tabs.map(({ key, sessionId, ...waiting }): Tab => {
    const lives = known.has(sessionId);
    return { key, sessionId: lives ? sessionId : `waiting-${key}`, earlier: [], waiting: lives ? null : waiting };
  });
  return followSessions(arranged(tabs, remembered.layout), sessions);
}
