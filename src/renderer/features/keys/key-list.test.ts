import { expect, it } from 'vitest';
import type { Command } from '../../commands/command.ts';
import { keyGroups } from './key-list.ts';

function command(id: string, more: Partial<Command>): Command {
  return {
    id,
    title: id,
    group: 'general',
    keys: [],
    inTerminal: false,
    available: () => false,
    run: () => {},
    ...more,
  };
}

const commands = [
  command('play', { group: 'replay', keys: ['Space'], title: 'Play' }),
  command('density', { title: 'Compact or comfortable rows' }),
  command('palette', { keys: ['Ctrl K', 'Ctrl Shift P'], inTerminal: ['Ctrl Shift P'], title: 'Command palette' }),
  ...Array.from({ length: 9 }, (_, at) =>
    command(`session.tab-${at + 1}`, { group: 'sessions', keys: [`Ctrl ${at + 1}`], title: `Tab ${at + 1}` }),
  ),
];

it('groups what is known by view, whether or not it is offered now', () => {
  const groups = keyGroups(commands, '', false);
  expect(groups.map((group) => group.name)).toEqual(['Everywhere', 'Targets', 'Sessions', 'Recordings', 'Replay']);
  expect(groups[0]?.rows.map((row) => [row.title, row.inTerminal])).toEqual([['Command palette', true]]);
  expect(groups[2]?.rows.filter((row) => row.id.startsWith('session.tab')).map((row) => row.title)).toEqual([
    'First tab, and so on to 9',
  ]);
});

it('lists actions without keys where all are asked for', () => {
  expect(keyGroups(commands, '', true)[0]?.rows.map((row) => row.id)).toContain('density');
});

it('narrows by title, by keys and by view', () => {
  expect(keyGroups(commands, 'palette', false).flatMap((group) => group.rows.map((row) => row.id))).toEqual([
    'palette',
  ]);
  expect(keyGroups(commands, 'space', false).flatMap((group) => group.rows.map((row) => row.id))).toEqual(['play']);
  expect(keyGroups(commands, 'space replay', false).map((group) => group.name)).toEqual(['Replay']);
  expect(keyGroups(commands, 'nothing such', false)).toEqual([]);
});
