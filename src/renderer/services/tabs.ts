import type { SessionView } from '../../shared/protocol/ipc.ts';

/** A place for a session. A reconnect puts the new session into the same place; the earlier one's screen stays with it. */
export interface Tab {
  key: string;
  sessionId: string;
  /** Sessions that ended here before, newest first. */
  earlier: string[];
}

export interface Tabs {
  tabs: Tab[];
  activeKey: string | null;
}

/** Follows main's list: new sessions get a tab at the end, forgotten ones lose theirs. The open tab's neighbour opens when it goes. */
export function followSessions(now: Tabs, sessions: readonly SessionView[]): Tabs {
  const known = new Set(sessions.map((session) => session.id));
  const kept = now.tabs.flatMap((tab) => {
    const earlier = tab.earlier.filter((id) => known.has(id));
    if (known.has(tab.sessionId)) return [{ ...tab, earlier }];
    return [];
  });
  const placed = new Set(kept.flatMap((tab) => [tab.sessionId, ...tab.earlier]));
  const added = sessions
    .filter((session) => !placed.has(session.id))
    .map((session): Tab => ({ key: session.id, sessionId: session.id, earlier: [] }));
  const tabs = [...kept, ...added];
  return { tabs, activeKey: stillActive(now, tabs) };
}

function stillActive(before: Tabs, tabs: readonly Tab[]): string | null {
  if (tabs.some((tab) => tab.key === before.activeKey)) return before.activeKey;
  const was = before.tabs.findIndex((tab) => tab.key === before.activeKey);
  return tabs[Math.min(Math.max(was, 0), tabs.length - 1)]?.key ?? null;
}

/** Opens a session in a tab of its own, or in the place of `replaces`. */
export function placeSession(now: Tabs, sessionId: string, replaces: string | null): Tabs {
  const without = now.tabs.filter((tab) => tab.sessionId !== sessionId);
  const place = without.find((tab) => tab.sessionId === replaces);
  if (place === undefined) {
    return { tabs: [...without, { key: sessionId, sessionId, earlier: [] }], activeKey: sessionId };
  }
  const renewed: Tab = { key: place.key, sessionId, earlier: [place.sessionId, ...place.earlier] };
  return { tabs: without.map((tab) => (tab === place ? renewed : tab)), activeKey: place.key };
}

/** The tab `by` places further, round the ends. */
export function stepTab(now: Tabs, by: 1 | -1): Tabs {
  const at = now.tabs.findIndex((tab) => tab.key === now.activeKey);
  const next = now.tabs[(at + by + now.tabs.length) % now.tabs.length];
  return next === undefined ? now : { ...now, activeKey: next.key };
}
