import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { inRoot } from './paths.mjs';

test('the lock file names every optional package, or npm ci refuses it', () => {
  /** @type {{ packages: Record<string, { version?: string, optionalDependencies?: Record<string, string> }> }} */
  const { packages } = JSON.parse(readFileSync(inRoot('package-lock.json'), 'utf8'));
  const named = new Set(Object.keys(packages).map((place) => place.slice(place.lastIndexOf('node_modules/') + 13)));
  const missing = Object.values(packages)
    .flatMap(({ optionalDependencies }) => Object.keys(optionalDependencies ?? {}))
    .filter((name) => !named.has(name));
  expect(missing).toEqual([]);
  expect(Object.entries(packages).filter(([place, { version }]) => place !== '' && !version)).toEqual([]);
});

test('the lock file names no registry', () => {
  expect(readFileSync(inRoot('package-lock.json'), 'utf8')).not.toMatch(/"resolved"/);
});
