import { expect, test, vi } from 'vitest';
import { mayDetach } from './detached-window.ts';

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
