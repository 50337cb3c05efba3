import { expect, test } from 'vitest';
import { defaultSettings, type SessionView } from '../../shared/protocol/ipc.ts';
import { earlierOf, makeSessionUi, shownEarlier } from './session-ui.ts';
import { makeStore } from './store.ts';

function make() {
  const pasted: string[] = [];
  const ended: string[] = [];
  const view = (id: string) =>
    ({ id, production: id === 'b', openedAtMs: 1, state: { state: 'open' } }) as unknown as SessionView;
  const tab = (key: string) => ({ key, sessionId: key, earlier: [] as string[], waiting: null });
  const tabs = makeStore({ tabs: [tab('a'), tab('b')], activeKey: 'a' });
  let answer: (text: { text: string }) => void = () => undefined;
  const ui = makeSessionUi({
    sessions: {
      tabs,
      sessions: makeStore(new Map(['a', 'b'].map((id) => [id, view(id)]))),
      disconnect: (id: string) => ended.push(id),
      terminal: (id: string) => ({
        screen: { paste: (text: string) => pasted.push(`${id}: ${text}`), focus: () => undefined },
      }),
    } as never,
    app: { readClipboard: () => new Promise((resolve) => (answer = resolve)) } as never,
    settings: { settings: makeStore(defaultSettings) } as never,
  });
  return { ui, pasted, ended, tabs, clipboard: (text: string) => answer({ text }) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a paste goes to the session that it was asked for in, whatever is in front when the clipboard answers', async () => {
  const { ui, pasted, tabs, clipboard } = make();
  ui.paste();
  tabs.set({ ...tabs.get(), activeKey: 'b' });
  clipboard('one line');
  await settled();
  expect(pasted).toEqual(['a: one line']);
  ui.paste();
  tabs.set({ ...tabs.get(), activeKey: 'a' });
  clipboard('two\nlines');
  await settled();
  expect(ui.state.get().paste?.sessionId).toBe('b');
});

test('a paste over the earlier screen shows the running session and sends nothing to it', async () => {
  const { ui, pasted, tabs, clipboard } = make();
  tabs.update((now) => ({ ...now, tabs: now.tabs.map((tab) => ({ ...tab, earlier: ['b'] })) }));
  ui.toggleEarlier('a');
  ui.pasteText('rm x');
  expect(pasted).toEqual([]);
  expect(ui.state.get().earlierShown.has('a')).toBe(false);
  ui.toggleEarlier('a');
  ui.paste();
  clipboard('rm x');
  await settled();
  expect(pasted).toEqual([]);
  ui.pasteText('ls');
  expect(pasted).toEqual(['a: ls']);
});

test('to disconnect from a production target is asked once, from another one it is done', () => {
  const { ui, ended, tabs } = make();
  const [a, b] = tabs.get().tabs;
  if (a === undefined || b === undefined) throw new Error('two tabs');
  ui.disconnect(a);
  expect(ended).toEqual(['a']);
  ui.disconnect(b);
  expect(ended).toEqual(['a']);
  expect(ui.state.get()).toMatchObject({ closing: b, closingBy: 'disconnect' });
  ui.answerClose('keep');
  expect(ended).toEqual(['a']);
  ui.disconnect(b);
  ui.answerClose('disconnect');
  expect(ended).toEqual(['a', 'b']);
});

test('a reconnect that never opened leaves the last screen that can be read, then and later', () => {
  const views = makeStore(
    new Map(
      [
        { id: 'lost', openedAtMs: 1, state: { state: 'ended' } },
        { id: 'failed', openedAtMs: null, state: { state: 'ended' } },
        { id: 'new', openedAtMs: 2, state: { state: 'open' } },
      ].map((each) => [each.id, each as unknown as SessionView]),
    ),
  );
  const sessions = { sessions: views };
  const tab = (sessionId: string, ...earlier: string[]) => ({ key: 'k', sessionId, earlier, waiting: null });
  expect(shownEarlier(sessions, tab('failed', 'lost'), new Set())).toBe('lost');
  expect(shownEarlier(sessions, tab('new', 'failed', 'lost'), new Set())).toBeUndefined();
  expect(shownEarlier(sessions, tab('new', 'failed', 'lost'), new Set(['k']))).toBe('lost');
  expect(earlierOf(sessions, tab('new', 'failed'))).toBeUndefined();
});
