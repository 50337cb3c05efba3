import { describe, expect, it } from 'vitest';
import type { SessionView } from '../../shared/protocol/ipc.ts';
import { parseLayout, waitingOf } from './layout/layout-memory.ts';
import { dropWaiting, followSessions, noTabs, placeSession, restoreTabs, stepTab, type Tabs } from './tabs.ts';

const sessions = (...ids: string[]) => ids.map((id) => ({ id }) as SessionView);
const shape = (tabs: Tabs) => tabs.tabs.map((tab) => [tab.key, tab.sessionId, ...tab.earlier].join(' '));

describe('tabs', () => {
  it('give each new session a tab at the end and open the first', () => {
    const tabs = followSessions(noTabs, sessions('a', 'b'));
    expect(shape(tabs)).toEqual(['a a', 'b b']);
    expect(tabs.activeKey).toBe('a');
  });

  it('put a reconnect into the same place, with the earlier screen behind it', () => {
    const before = followSessions(noTabs, sessions('a', 'b'));
    const after = placeSession(followSessions(before, sessions('a', 'b', 'c')), 'c', { replaces: 'a' });
    expect(shape(after)).toEqual(['a c a', 'b b']);
    expect(after.activeKey).toBe('a');
    expect(shape(followSessions(after, sessions('a', 'b', 'c')))).toEqual(['a c a', 'b b']);
  });

  it('put a split beside the pane it was asked from, also when main told of the session first', () => {
    const before = followSessions(noTabs, sessions('a', 'b'));
    const beside = before.layout.windows[0]?.focused ?? '';
    const first = followSessions(before, sessions('a', 'b', 'c'));
    for (const now of [before, first]) {
      const after = placeSession(now, 'c', { spot: { beside, side: 'right' } });
      expect(after.layout.windows[0]?.root).toMatchObject({
        along: 'row',
        parts: [{ node: { tabs: ['a', 'b'] } }, { node: { tabs: ['c'] } }],
      });
      expect(after.activeKey).toBe('c');
    }
  });

  it('open the neighbour when the open one goes', () => {
    const before = stepTab(followSessions(noTabs, sessions('a', 'b', 'c')), 1);
    expect(before.activeKey).toBe('b');
    expect(followSessions(before, sessions('a', 'c')).activeKey).toBe('c');
    expect(followSessions(before, sessions('a')).activeKey).toBe('a');
    expect(followSessions(before, []).activeKey).toBeNull();
  });

  it('step round the ends', () => {
    const tabs = followSessions(noTabs, sessions('a', 'b'));
    expect(stepTab(tabs, -1).activeKey).toBe('b');
    expect(stepTab(stepTab(tabs, 1), 1).activeKey).toBe('a');
    expect(stepTab(noTabs, 1)).toEqual(noTabs);
  });

  it('wait after a restart, take their session back after a reload, and connect in place', () => {
    const view = { targetId: 't-1', targetName: 'pay-db-03', login: 'deploy', production: true } as SessionView;
    const lived = followSessions(noTabs, sessions('a', 'b'));
    const remembered = {
      tabs: lived.tabs.map(({ key, sessionId }) => ({ key, sessionId, ...waitingOf(view) })),
      layout: lived.layout,
    };
    expect(shape(restoreTabs(remembered, sessions('b')))).toEqual(['a waiting-a', 'b b']);
    const waiting = restoreTabs(remembered, []);
    expect(waiting.tabs.map((tab) => tab.waiting?.targetName)).toEqual(['pay-db-03', 'pay-db-03']);
    expect(shape(followSessions(waiting, sessions('c')))).toEqual(['a waiting-a', 'b waiting-b', 'c c']);
    const connected = placeSession(followSessions(waiting, sessions('c')), 'c', { replaces: 'b' });
    expect(shape(connected)).toEqual(['a waiting-a', 'b c']);
    expect(connected.tabs[1]?.waiting).toBeNull();
    expect(shape(dropWaiting(connected, 'a'))).toEqual(['b c']);
    expect(shape(dropWaiting(connected, 'b'))).toEqual(['a waiting-a', 'b c']);
    expect(parseLayout('')).toBeNull();
  });
});
