import { expect, test } from 'vitest';
import { placeWindow } from './window-state.ts';

const screen = { x: 0, y: 30, width: 1920, height: 1050 };
const stored = { x: 100, y: 50, width: 1200, height: 800, maximised: false };

test.each([
  ['as it was left', stored, [screen], { x: 100, y: 50, width: 1200, height: 800 }],
  ['the default where nothing is stored', null, [screen], { width: 1440, height: 900 }],
  [
    'never larger than a small screen, never below the least',
    null,
    [{ ...screen, width: 1024, height: 400 }],
    { width: 1024, height: 500 },
  ],
  [
    'a place on a screen that is gone is forgotten, the size is kept',
    { ...stored, x: 3000 },
    [screen],
    { width: 1200, height: 800 },
  ],
  [
    'a second screen counts',
    { ...stored, x: 2000 },
    [screen, { ...screen, x: 1920 }],
    { x: 2000, y: 50, width: 1200, height: 800 },
  ],
  ['a title bar above the screen cannot be reached', { ...stored, y: -200 }, [screen], { width: 1200, height: 800 }],
] as const)('%s', (_name, state, areas, expected) => {
  expect(placeWindow(state, [...areas])).toEqual(expected);
});
