import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { helpTable, type MenuCommand, menuTable, menuTemplate, settingsEntry } from './menu-table.ts';

const entries: MenuCommand[] = [
  ...menuTable.flatMap(({ lines }) => lines.filter((line): line is MenuCommand => line !== 'rule' && 'id' in line)),
  settingsEntry,
  ...helpTable,
];

test('every entry names a command that the window has', () => {
  const commands = join(import.meta.dirname, '..', '..', 'renderer', 'commands');
  const text = readdirSync(commands)
    .filter((name) => /^[a-z-]+\.ts$/.test(name))
    .map((name) => readFileSync(join(commands, name), 'utf8'))
    .join('\n');
  // Views are made from their names.
  const views = ['targets', 'sessions', 'history', 'recordings'].map((view) => `view.${view}`);
  expect(entries.map(({ id }) => id).filter((id) => !views.includes(id) && !text.includes(`'${id}'`))).toEqual([]);
});

test('no two entries share an id or keys', () => {
  const keys = entries.flatMap(({ accelerator }) => accelerator ?? []);
  expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
  expect(new Set(keys).size).toBe(keys.length);
});

test('a click asks for the command', () => {
  const asked: string[] = [];
  const template = menuTemplate({ name: 'Sallyport', run: (id) => asked.push(id), about: () => asked.push('about') });
  const click = (menu: number, label: string) => {
    const submenu = template[menu]?.submenu;
    const item = Array.isArray(submenu) ? submenu.find((one) => one.label === label) : undefined;
    (item?.click as (() => void) | undefined)?.();
  };
  click(0, 'About Sallyport');
  click(0, 'Settings');
  click(1, 'New Session');
  expect(asked).toEqual(['about', 'view.settings', 'session.new']);
});
