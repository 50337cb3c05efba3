import { expect, test } from 'vitest';
import { emptyLayout, mainWindow } from '../../services/layout/layout.ts';
import { moveTab, withFront, withTabs } from '../../services/layout/layout-moves.ts';
import { makeNavigation } from '../../services/navigation.ts';
import type { Services } from '../../services/services.tsx';
import { makeStore } from '../../services/store.ts';
import { type Tabs, withLayout } from '../../services/tabs.ts';
import { callMain } from './call-main.ts';

/** A window of its own with the tab "b"; "a" is in the main one. */
function make() {
  const layout = moveTab(withTabs(emptyLayout, ['a', 'b']), 'b', {
    window: 'new',
    box: { left: 0, top: 0, width: 600, height: 400 },
  });
  const id = layout.windows[1]?.id ?? '';
  const tab = (key: string) => ({ key, sessionId: key, earlier: [], waiting: null });
  const tabs = makeStore<Tabs>({ tabs: [tab('a'), tab('b')], activeKey: 'b', layout: withFront(layout, id) });
  const navigation = makeNavigation();
  navigation.go('sessions');
  const ask = makeStore({ ask: null as object | null, failed: null });
  const done: string[] = [];
  const focus = { here: true };
  const services = {
    navigation,
    connect: { state: ask },
    sessions: {
      tabs,
      arrange: (change: (now: Tabs['layout']) => Tabs['layout']) =>
        tabs.update((now) => withLayout(now, change(now.layout))),
    },
    app: { windowDo: (what: string) => done.push(what) },
  } as unknown as Services;
  const page = { window: { focus: () => done.push('back') }, document: { hasFocus: () => focus.here } };
  callMain(services, page as never, id);
  return { id, navigation, ask, tabs, services, done, focus };
}

const later = () => new Promise((resolve) => setTimeout(resolve, 5));

test('the palette over a detached session takes the keys, is about that session, and gives the keys back', async () => {
  const { id, navigation, tabs, done, focus } = make();
  navigation.openPalette('');
  expect(done).toEqual(['front']);
  focus.here = false;
  navigation.setDialog(null);
  await later();
  expect(done).toEqual(['front', 'back']);
  expect(tabs.get().layout.front).toBe(id);
});

test('a palette that leads to a view of the main window leaves the keys there', async () => {
  const { navigation, tabs, done, focus } = make();
  navigation.openPalette('');
  focus.here = false;
  navigation.setDialog(null);
  navigation.go('targets');
  await later();
  expect(done).toEqual(['front']);
  expect(tabs.get().layout.front).toBe(mainWindow);
});

test('a question before a connect, a view and a tab of the main window bring it to the front', () => {
  const asking = make();
  asking.ask.set({ ask: {}, failed: null });
  expect(asking.done).toEqual(['front']);
  const going = make();
  going.navigation.newSession();
  expect(going.done).toEqual(['front']);
  const stepping = make();
  stepping.services.sessions.arrange((layout) => withFront(layout, mainWindow));
  expect(stepping.done).toEqual(['front']);
});

test('nothing takes the focus while the person is elsewhere, or stays in that window', () => {
  const { navigation, ask, services, done, focus } = make();
  navigation.go('sessions');
  focus.here = false;
  navigation.newSession();
  ask.set({ ask: {}, failed: null });
  services.sessions.arrange((layout) => withFront(layout, mainWindow));
  expect(done).toEqual([]);
});
