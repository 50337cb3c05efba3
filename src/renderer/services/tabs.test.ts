import { describe, expect, it } from 'vitest';
import type { SessionView } from '../../shared/protocol/ipc.ts';
import { followSessions, placeSession, stepTab, type Tabs } from './tabs.ts';

const none: Tabs = { tabs: [], activeKey: null };
const sessions = (...ids: string[]) => ids.map((id) => ({ id }) as SessionView);
const shape = (tabs: Tabs) => tabs.tabs.map((tab) => [tab.key, tab.sessionId, ...tab.earlier].join(' '));

describe('tabs', () => {
  it('give each new session a tab at the end and open the first', () => {
    const tabs = followSessions(none, sessions('a', 'b'));
    expect(shape(tabs)).toEqual(['a a', 'b b']);
    expect(tabs.activeKey).toBe('a');
  });

  it('put a reconnect into the same place, with the earlier screen behind it', () => {
    const before = followSessions(none, sessions('a', 'b'));
    const after = placeSession(followSessions(before, sessions('a', 'b', 'c')), 'c', 'a');
    expect(shape(after)).toEqual(['a c a', 'b b']);
    expect(after.activeKey).toBe('a');
    expect(shape(followSessions(after, sessions('a', 'b', 'c')))).toEqual(['a c a', 'b b']);
  });

  it('open the neighbour when the open one goes', () => {
    const before = { ...followSessions(none, sessions('a', 'b', 'c')), activeKey: 'b' };
    expect(followSessions(before, sessions('a', 'c')).activeKey).toBe('c');
    expect(followSessions(before, sessions('a')).activeKey).toBe('a');
    expect(followSessions(before, []).activeKey).toBeNull();
  });

  it('step round the ends', () => {
    const tabs = followSessions(none, sessions('a', 'b'));
    expect(stepTab(tabs, -1).activeKey).toBe('b');
    expect(stepTab(stepTab(tabs, 1), 1).activeKey).toBe('a');
    expect(stepTab(none, 1)).toEqual(none);
  });
});
