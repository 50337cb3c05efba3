import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { standardText } from './licence-texts.mjs';
import { collectLicences, importedPackages } from './licences.mjs';
import { inRoot } from './paths.mjs';

test('everything that the launcher carries is listed once, with a licence and its text', () => {
  const all = collectLicences();
  expect(collectLicences()).toEqual(all);
  const names = all.map(({ name }) => name);
  expect(names).toEqual([...names].sort());
  expect(new Set(all.map(({ name, version }) => `${name}@${version}`)).size).toBe(all.length);
  for (const name of importedPackages()) expect(names).toContain(name);
  // What these need, too.
  for (const name of ['scheduler', 'tweetnacl', '@floating-ui/dom', 'Electron', 'Chromium, Node.js and their parts'])
    expect(names).toContain(name);
  const bare = all.filter(
    ({ name, licence, text }) => licence === '' || (text.length < 400 && !name.startsWith('Chromium')),
  );
  expect(bare.map(({ name }) => name)).toEqual([]);
});

test('the fonts come with theirs, and tools of the build are not listed', () => {
  const all = collectLicences();
  const fonts = all.filter(({ licence }) => licence === 'OFL-1.1');
  expect(fonts.map(({ name }) => name)).toEqual(['@fontsource-variable/instrument-sans', '@fontsource/commit-mono']);
  for (const { text } of fonts) expect(text).toContain('SIL OPEN FONT LICENSE');
  const { devDependencies } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'));
  expect(all.map(({ name }) => name).filter((name) => name in devDependencies)).toEqual([]);
});

test('a package without a file gets the text of the licence that it names, with its author; an unknown licence is no text', () => {
  const text = standardText('MIT', { name: 'a', author: 'Kim Doe <kim@example.org> (https://example.org)' });
  expect(text).toMatch(/^MIT License\n\nCopyright \(c\) Kim Doe\n\nPermission is hereby granted/);
  expect(standardText('ISC', { name: 'b' })).toContain('Copyright (c) the authors of b');
  expect(standardText('SEE LICENSE IN FILE', { name: 'c' })).toBeUndefined();
});
