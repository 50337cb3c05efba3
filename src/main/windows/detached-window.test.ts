import { expect, test, vi } from 'vitest';
import { DetachedWindows, mayDetach } from './detached-window.ts';

vi.mock('electron', () => ({}));

test('the main page may open the page of detached sessions', () => {
  expect(mayDetach('app://sallyport/popout.html', true)).toBe(true);
});

test.each([
  'app://sallyport/popout.html?x',
  'app://sallyport/popout.html#x',
  'app://sallyport/index.html',
  'app://sallyport/',
  'app://other/popout.html',
  'https://sallyport/popout.html',
  'about:blank',
  '',
])('nobody may open %s', (url) => {
  expect(mayDetach(url, true)).toBe(false);
});

test('no other page may open anything', () => {
  expect(mayDetach('app://sallyport/popout.html', false)).toBe(false);
});

test.each([
  ['stays where it was left', { x: 100, y: 50, width: 600, height: 400 }, []],
  ['comes back from a screen that is gone', { x: 3000, y: 50, width: 600, height: 400 }, ['center']],
  ['comes down from above the screen', { x: 100, y: -300, width: 600, height: 400 }, ['center']],
])('a detached window %s', (_what, bounds, expected) => {
  const done: string[] = [];
  const window = {
    getBounds: () => bounds,
    center: () => done.push('center'),
    setMenuBarVisibility: () => undefined,
    once: () => undefined,
  };
  const windows = new DetachedWindows(
    () => ({ icon: '', background: '' }),
    () => [{ x: 0, y: 30, width: 1920, height: 1050 }],
  );
  windows.add(window as never);
  expect(done).toEqual(expected);
});
