import type { SessionView } from '../../../shared/protocol/ipc.ts';
import { coversNeeds } from '../../services/connect-service.ts';
import { type Box, groupsIn, mainWindow, placeOf, windowOf } from '../../services/layout/layout.ts';
import { groupBeside, resizeGroup } from '../../services/layout/layout-geometry.ts';
import { moveTab, type Side, showTab, toggleLargest, withoutWindow } from '../../services/layout/layout-moves.ts';
import type { Services } from '../../services/services.tsx';
import { besideFront, type Tab } from '../../services/tabs.ts';

/** What can be done to panes, by keys, menus and the mouse alike. */

/** So far a border moves with one press of a key, as part of the room of the two panes. */
const resizeStep = 0.04;

/** A new session to the same target, beside the pane in front. Reason and ticket go with it where the target asks for no more. */
export async function splitPane(services: Services, view: SessionView, side: 'right' | 'down'): Promise<void> {
  const { sessions, targets, connect, sessionUi } = services;
  const target = targets.state.get().targets?.find((each) => each.id === view.targetId);
  const said = { reason: view.reason, ticket: view.ticket };
  const asks = target?.needs.filter((need) => need !== 'approval') ?? [];
  if (target !== undefined && (target.lock !== null || asks.some((need) => said[need] === null))) {
    connect.begin(target, view.login, side === 'right' ? 'right' : 'below');
    return;
  }
  const opens = besideFront(sessions.tabs.get(), side);
  const problem = await sessions.connect({ targetId: view.targetId, login: view.login, ...said }, opens);
  if (problem !== null) sessionUi.say(`Cannot connect to ${view.targetName}`, problem);
}

/** Connects a tab that waits, by way of what its target asks. */
export async function connectWaiting(services: Services, tab: Tab): Promise<void> {
  const { sessions, targets, connect, sessionUi } = services;
  const { waiting } = tab;
  if (waiting === null) return;
  const target = targets.state.get().targets?.find((each) => each.id === waiting.targetId);
  if (target !== undefined) {
    connect.begin(target, waiting.login, { replaces: tab.key });
    return;
  }
  const ask = { targetId: waiting.targetId, login: waiting.login, reason: null, ticket: null };
  const problem = await sessions.connect(ask, { replaces: tab.key });
  if (problem !== null) sessionUi.say(`Cannot connect to ${waiting.targetName}`, problem);
}

/** Connects every tab that waits and needs no word from the person; then asks for the first that does. */
export async function connectAll(services: Services): Promise<void> {
  const { sessions, targets, connect } = services;
  const asking: Tab[] = [];
  for (const tab of sessions.tabs.get().tabs) {
    const { waiting } = tab;
    if (waiting === null) continue;
    const target = targets.state.get().targets?.find((each) => each.id === waiting.targetId);
    const { cover } = connect.state.get();
    const asks = target?.needs.some((need) => need !== 'approval') === true;
    if (target === undefined || (asks && !coversNeeds(target.needs, cover, Date.now())) || target.lock !== null) {
      asking.push(tab);
      continue;
    }
    const said = asks
      ? { reason: cover?.reason ?? null, ticket: cover?.ticket ?? null }
      : { reason: null, ticket: null };
    // A refusal leaves the tab waiting; it says why when it is connected alone.
    await sessions.connect({ targetId: target.id, login: waiting.login, ...said }, { replaces: tab.key });
  }
  const [first] = asking;
  if (first !== undefined) await connectWaiting(services, first);
}

/** The room that a tab has now, as the box of a window of its own; a little off, so that both are seen. */
function boxFor(services: Services, key: string): Box {
  const pane = document.getElementById(`pane-${key}`)?.getBoundingClientRect();
  const size = { width: Math.round(pane?.width ?? 900), height: Math.round(pane?.height ?? 600) };
  const count = services.sessions.tabs.get().layout.windows.length;
  return {
    left: window.screenX + 60 + 28 * count,
    top: window.screenY + 60 + 28 * count,
    width: Math.max(480, size.width),
    height: Math.max(300, size.height),
  };
}

/** Moves a tab to a window of its own. */
export function detachTab(services: Services, key: string, box?: Box): void {
  services.sessions.arrange((layout) => moveTab(layout, key, { window: 'new', box: box ?? boxFor(services, key) }));
}

/** Moves a tab to a window of its own; one that has such a window to itself comes back. */
export function detachOrBring(services: Services, key: string): void {
  const alone = isDetached(services, key) && paneCount(services, key) === 1 && tabsBeside(services, key) === 0;
  if (alone) attachTab(services, key);
  else detachTab(services, key);
}

/** Brings a tab back to the main window. */
export function attachTab(services: Services, key: string): void {
  services.sessions.arrange((layout) => moveTab(layout, key, { window: 'main' }));
  services.navigation.go('sessions');
}

/** A detached window is closed: its tabs come back. */
export function attachWindow(services: Services, id: string): void {
  services.sessions.arrange((layout) => withoutWindow(layout, id));
}

/** Whether the tab has a window without the main one's rail around it. */
export function isDetached(services: Services, key: string): boolean {
  const place = placeOf(services.sessions.tabs.get().layout, key);
  return place !== null && place.window.id !== mainWindow;
}

/** Panes in the window of this tab. */
export function paneCount(services: Services, key: string): number {
  const place = placeOf(services.sessions.tabs.get().layout, key);
  return place === null ? 0 : groupsIn(place.window.root).length;
}

/** Tabs that share the pane of this one. */
export function tabsBeside(services: Services, key: string): number {
  return (placeOf(services.sessions.tabs.get().layout, key)?.group.tabs.length ?? 1) - 1;
}

/** Moves the tab out of its pane, to a new one beside it. */
export function moveToSide(services: Services, key: string, side: Side): void {
  services.sessions.arrange((layout) => {
    const place = placeOf(layout, key);
    return place === null ? layout : moveTab(layout, key, { beside: place.group.id, side });
  });
}

/** Moves the tab into the pane on that side. */
export function moveToPane(services: Services, key: string, side: Side): void {
  services.sessions.arrange((layout) => {
    const place = placeOf(layout, key);
    const other = place === null ? null : groupBeside(place.window, place.group.id, side);
    return other === null ? layout : moveTab(layout, key, { group: other });
  });
}

/** Gives the pane on that side the focus. */
export function focusSide(services: Services, side: Side): void {
  services.sessions.arrange((layout) => {
    const key = services.sessions.tabs.get().activeKey;
    const place = key === null ? null : placeOf(layout, key);
    const other = place === null ? null : groupBeside(place.window, place.group.id, side);
    const group = groupsIn(place?.window.root ?? null).find((each) => each.id === other);
    return group === undefined ? layout : showTab(layout, group.active);
  });
}

/** Moves a border of the pane in front. */
export function resizeSide(services: Services, side: Side): void {
  services.sessions.arrange((layout) => {
    const key = services.sessions.tabs.get().activeKey;
    const place = key === null ? null : placeOf(layout, key);
    return place === null ? layout : resizeGroup(layout, place.group.id, side, resizeStep);
  });
}

/** The pane takes its whole window, or gives it back. */
export function toggleLarge(services: Services, key: string): void {
  services.sessions.arrange((layout) => {
    const place = placeOf(layout, key);
    return place === null ? layout : toggleLargest(layout, place.group.id);
  });
}

export function isLarge(services: Services, key: string): boolean {
  const { layout } = services.sessions.tabs.get();
  const place = placeOf(layout, key);
  return place !== null && windowOf(layout, place.window.id)?.largest === place.group.id;
}

/** Puts a fact on the clipboard; says so where that does not work. */
export async function copyFact(services: Services, text: string): Promise<void> {
  const problem = await services.app.copy(text);
  if (problem !== null) services.sessionUi.say('Nothing was copied', problem);
}
