// Packages with native code that the launcher's bundles load at run time and that must therefore travel with them.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { inRoot } from './paths.mjs';

/** The launcher's bundles. */
export const bundles = ['main.cjs', 'preload.cjs', 'about-preload.cjs', 'session.cjs', 'replay.cjs'];

/** Folders of node_modules that belong together, and the package whose mention in a bundle needs them. */
const natives = [
  { name: 'node-pty', folders: () => ['node-pty'] },
  {
    name: '@toondepauw/node-zstd',
    folders: () => readdirSync(inRoot('node_modules', '@toondepauw')).map((name) => `@toondepauw/${name}`),
  },
];

/**
 * @param {string} buildFolder where the bundles are
 * @returns {string[]} folders below node_modules
 */
export function nativePackagesOf(buildFolder) {
  const texts = bundles
    .map((name) => path.join(buildFolder, name))
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, 'utf8'));
  return natives
    .filter(({ name }) =>
      texts.some((text) => text.includes(`require("${name}")`) || text.includes(`import("${name}")`)),
    )
    .flatMap(({ folders }) => folders());
}
