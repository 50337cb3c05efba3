import { layoutText, parseLayout, type RememberedTab, waitingOf } from './layout/layout-memory.ts';
import type { MemoryService } from './memory-service.ts';
import type { SessionsService } from './sessions-service.ts';

/** So long nothing may move before the layout is written: a line that is dragged is one change. */
const quietMs = 400;

/** What `memory.layout` may hold (ipc.ts). */
const largest = 200_000;

/** Brings back the layout that was there when the launcher ended, then keeps what is remembered up to date. Returns what ends it. */
export function keepLayout(parts: { sessions: SessionsService; memory: MemoryService }): () => void {
  const { sessions, memory } = parts;
  const remembered = parseLayout(memory.state.get().layout);
  if (remembered !== null) sessions.restore(remembered);

  let timer: ReturnType<typeof setTimeout> | null = null;
  let written = memory.state.get().layout;
  const write = () => {
    timer = null;
    const { tabs, layout } = sessions.tabs.get();
    const views = sessions.sessions.get();
    const known = tabs.flatMap((tab): RememberedTab[] => {
      const view = views.get(tab.sessionId);
      const waiting = tab.waiting ?? (view === undefined ? null : waitingOf(view));
      return waiting === null ? [] : [{ key: tab.key, sessionId: tab.sessionId, ...waiting }];
    });
    const text = known.length === 0 ? null : layoutText({ tabs: known, layout });
    if (text === written || (text !== null && text.length > largest)) return;
    written = text;
    memory.change({ layout: text });
  };
  const stop = sessions.tabs.subscribe(() => {
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(write, quietMs);
  });
  return () => {
    stop();
    if (timer !== null) clearTimeout(timer);
  };
}
