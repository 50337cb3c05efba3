import { makeStore } from '../../services/store.ts';

/** The menu of a tab, where it is open: at the pointer, or (null) below the head of its pane. */
export interface TabMenu {
  key: string;
  at: { x: number; y: number } | null;
}

export const tabMenu = makeStore<TabMenu | null>(null);

export function openTabMenu(key: string, at: TabMenu['at']): void {
  tabMenu.set({ key, at });
}
