import { describe, expect, it } from 'vitest';
import { emptyLayout, focusedGroup, frontTab, groupsIn, type Layout, type LayoutNode, tabOrder } from './layout.ts';
import { geometryOf, groupBeside, resizeGroup, withSash } from './layout-geometry.ts';
import { layoutText, parseLayout } from './layout-memory.ts';
import {
  moveTab,
  showTab,
  stepTab,
  toggleLargest,
  withoutTab,
  withoutWindow,
  withTab,
  withTabs,
} from './layout-moves.ts';

const box = { left: 10, top: 20, width: 800, height: 600 };
const groupOf = (layout: Layout, key: string) =>
  layout.windows.flatMap((window) => groupsIn(window.root)).find((group) => group.tabs.includes(key))?.id ?? '';
const split = (layout: Layout, key: string, beside: string, side: 'left' | 'right' | 'up' | 'down') =>
  withTab(layout, key, { beside: groupOf(layout, beside), side }, true);
const shape = (node: LayoutNode | null): unknown =>
  node === null
    ? null
    : node.kind === 'group'
      ? node.tabs.map((key) => (key === node.active ? `${key}*` : key)).join(' ')
      : { [node.along]: node.parts.map((part) => shape(part.node)) };
const shapes = (layout: Layout) => layout.windows.map((window) => shape(window.root));
const main = (layout: Layout) => layout.windows[0]!;

const three = withTabs(emptyLayout, ['a', 'b', 'c']);
/** a | (b over c) */
const panes = split(split(withTabs(emptyLayout, ['a']), 'b', 'a', 'right'), 'c', 'b', 'down');

describe('the layout of tabs', () => {
  it('puts new tabs at the end and opens the first', () => {
    expect(shapes(three)).toEqual(['a* b c']);
    expect(frontTab(three)).toBe('a');
  });

  it('splits in both directions, and flattens splits of the same direction', () => {
    expect(shapes(panes)).toEqual([{ row: ['a*', { column: ['b*', 'c*'] }] }]);
    expect(shapes(split(panes, 'd', 'a', 'right'))).toEqual([{ row: ['a*', 'd*', { column: ['b*', 'c*'] }] }]);
    expect(frontTab(panes)).toBe('c');
    expect(tabOrder(panes)).toEqual(['a', 'b', 'c']);
  });

  it('gives the room back when the last tab of a group goes, and the focus to the group before', () => {
    const left = withoutTab(panes, 'c');
    expect(shapes(left)).toEqual([{ row: ['a*', 'b*'] }]);
    expect(frontTab(left)).toBe('b');
    expect(shapes(withoutTab(left, 'a'))).toEqual(['b*']);
    expect(withoutTab(withoutTab(withoutTab(panes, 'a'), 'b'), 'c').windows[0]?.root).toBeNull();
  });

  it('opens the neighbour of a tab that goes', () => {
    expect(shapes(withoutTab(showTab(three, 'b'), 'b'))).toEqual(['a c*']);
    expect(shapes(withoutTab(showTab(three, 'c'), 'c'))).toEqual(['a b*']);
  });

  it('moves tabs within a group, to another group and to a side', () => {
    const id = groupOf(three, 'a');
    expect(shapes(moveTab(three, 'a', { group: id, index: 2 }))).toEqual(['b a* c']);
    expect(shapes(moveTab(three, 'c', { group: id, index: 0 }))).toEqual(['c* a b']);
    expect(shapes(moveTab(three, 'b', { beside: id, side: 'left' }))).toEqual([{ row: ['b*', 'a* c'] }]);
    expect(shapes(moveTab(panes, 'a', { group: groupOf(panes, 'c') }))).toEqual([{ column: ['b*', 'c a*'] }]);
  });

  it('cannot split a tab from itself', () => {
    expect(moveTab(panes, 'a', { beside: groupOf(panes, 'a'), side: 'down' })).toBe(panes);
  });

  it('detaches a tab to a window of its own and takes it back', () => {
    const out = moveTab(three, 'b', { window: 'new', box });
    expect(shapes(out)).toEqual(['a* c', 'b*']);
    expect(frontTab(out)).toBe('b');
    const back = withoutWindow(out, out.windows[1]!.id);
    expect(shapes(back)).toEqual(['a c b*']);
    expect(back.front).toBe('main');
    expect(shapes(withoutTab(out, 'b'))).toEqual(['a* c']);
  });

  it('opens new tabs in the main window, also while a detached one is in front', () => {
    const out = moveTab(three, 'b', { window: 'new', box });
    expect(shapes(withTab(out, 'd', null, true))).toEqual(['a c d*', 'b*']);
    const all = moveTab(withTabs(emptyLayout, ['a']), 'a', { window: 'new', box });
    expect(shapes(all)).toEqual([null, 'a*']);
    expect(shapes(withTab(all, 'd', null, true))).toEqual(['d*', 'a*']);
  });

  it('steps over groups and windows, round the ends', () => {
    const out = moveTab(panes, 'c', { window: 'new', box });
    expect(tabOrder(out)).toEqual(['a', 'b', 'c']);
    expect(frontTab(stepTab(out, 'c', 1))).toBe('a');
    expect(frontTab(stepTab(out, 'a', -1))).toBe('c');
    expect(frontTab(stepTab(out, 'a', 1))).toBe('b');
  });

  it('finds the pane on a side', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((key) => groupOf(panes, key)) as [string, string, string];
    expect(groupBeside(main(panes), a, 'right')).toBe(b);
    expect(groupBeside(main(panes), b, 'down')).toBe(c);
    expect(groupBeside(main(panes), c, 'up')).toBe(b);
    expect(groupBeside(main(panes), c, 'left')).toBe(a);
    expect(groupBeside(main(panes), a, 'up')).toBeNull();
  });

  it('goes to a pane that it borders on, not to a nearer one further down', () => {
    // a over b, and beside them w over n and m: n's middle is nearer to a than w's.
    let grid = split(split(withTabs(emptyLayout, ['a']), 'w', 'a', 'right'), 'b', 'a', 'down');
    grid = split(split(grid, 'n', 'w', 'down'), 'm', 'n', 'right');
    expect(groupBeside(main(grid), groupOf(grid, 'a'), 'right')).toBe(groupOf(grid, 'w'));
  });

  it('moves the line between two panes, by mouse and by keys, never over its ends', () => {
    const widthOf = (layout: Layout, key: string) => geometryOf(main(layout)).groups.get(groupOf(layout, key))?.width;
    const { split: id, index } = geometryOf(main(panes)).sashes[0]!;
    expect(widthOf(withSash(panes, 'main', id, index, 0.7), 'a')).toBeCloseTo(0.7);
    expect(widthOf(withSash(panes, 'main', id, index, 7), 'a')).toBeCloseTo(0.88);
    expect(widthOf(resizeGroup(panes, groupOf(panes, 'a'), 'right', 0.05), 'a')).toBeCloseTo(0.55);
    expect(widthOf(resizeGroup(panes, groupOf(panes, 'c'), 'left', 0.05), 'a')).toBeCloseTo(0.45);
    expect(resizeGroup(three, groupOf(three, 'a'), 'up', 0.05)).toBe(three);
  });

  it('lets one pane have the whole window until another one is shown', () => {
    const large = toggleLargest(panes, groupOf(panes, 'b'));
    expect([...geometryOf(main(large)).groups.keys()]).toEqual([groupOf(panes, 'b')]);
    expect(main(showTab(large, 'a')).largest).toBeNull();
    expect(main(toggleLargest(large, groupOf(panes, 'b'))).largest).toBeNull();
    expect(toggleLargest(three, groupOf(three, 'a')).windows[0]?.largest).toBeNull();
  });
});

describe('a layout that is remembered', () => {
  const known = (key: string) => ({
    key,
    sessionId: key,
    targetId: `t-${key}`,
    targetName: `web-${key}`,
    login: 'deploy',
    production: false,
  });
  const tabs = ['a', 'b', 'c'].map(known);

  it('comes back as it was', () => {
    const layout = showTab(moveTab(panes, 'b', { window: 'new', box }), 'a');
    const back = parseLayout(layoutText({ tabs, layout }));
    expect(back?.tabs.map((tab) => tab.key)).toEqual(['a', 'c', 'b']);
    expect(back?.layout).toEqual(layout);
  });

  it.each([
    ['nothing', null],
    ['no JSON', '{'],
    ['another version', '{"version":2,"tabs":[],"windows":[]}'],
    ['a share that is no number', layoutText({ tabs, layout: panes }).replace('0.5', '"half"')],
  ])('is not believed: %s', (_what, text) => {
    expect(parseLayout(text)).toBeNull();
  });

  it('takes a layout that lies too deep in itself for none', () => {
    const deep = '{"kind":"split","id":"s","along":"row","parts":[{"share":1,"node":';
    const text = `{"version":1,"tabs":[],"windows":[{"id":"main","box":null,"focused":null,"root":${deep.repeat(2900)}null`;
    const whole = `${text}${'}]}'.repeat(2900)}}]}`;
    expect(JSON.parse(whole)).toBeTruthy();
    expect(parseLayout(whole)).toBeNull();
  });

  it('holds each tab once and no group without one, whatever was written', () => {
    const group = (id: string, ...keys: string[]) => ({ kind: 'group', id, tabs: keys, active: 'nobody' });
    const root = {
      kind: 'split',
      id: 's1',
      along: 'row',
      parts: [
        { node: group('g1', 'a', 'stranger'), share: 0.5 },
        { node: group('g1', 'a', 'b'), share: 0.4 },
        { node: group('g3', 'stranger'), share: 0.1 },
      ],
    };
    const back = parseLayout(
      JSON.stringify({ version: 1, tabs, windows: [{ id: 'main', box: null, root, focused: 'g9' }] }),
    );
    expect(back && shapes(back.layout)).toEqual([{ row: ['a*', 'b*'] }]);
    expect(back?.tabs.map((tab) => tab.key)).toEqual(['a', 'b']);
    expect(back && new Set(groupsIn(main(back.layout).root).map((each) => each.id)).size).toBe(2);
    expect(back && focusedGroup(main(back.layout))?.active).toBe('a');
  });
});
