// Reads every import under src and reports what breaks the rules of layer-rules.mjs: layers, separations, cycles, file names.
// (dependency-cruiser cannot read TypeScript 7 sources; the parser here is Vite's own.)
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { parseSync } from 'vite';
import { guardedNames, guardedPackages, layers, separations } from './layer-rules.mjs';

/**
 * @typedef {object} Import
 * @property {string} request as written
 * @property {string[]} names imported values, '*' for all of a module
 * @property {boolean} typeOnly
 * @typedef {{ file: string, message: string }} Violation
 */

/** @param {string} root @param {string} folder @returns {string[]} relative paths with forward slashes */
function sourcesOf(root, folder) {
  const absolute = path.join(root, folder);
  if (!existsSync(absolute)) return [];
  return readdirSync(absolute, { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.split(path.sep).join('/')}`)
    .filter((file) => /\.tsx?$/.test(file) && !file.endsWith('.d.ts'))
    .sort();
}

/**
 * @param {string} file name, for the parser to tell JSX
 * @param {string} text
 * @returns {Import[]}
 */
export function importsOf(file, text) {
  const { module, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file} does not parse: ${errors[0]?.message}`);
  /** @type {Import[]} */
  const found = [];
  for (const statement of module.staticImports) {
    const values = statement.entries.filter((entry) => !entry.isType);
    found.push({
      request: statement.moduleRequest.value,
      names: values.map((entry) => (entry.importName.kind === 'Name' ? (entry.importName.name ?? '*') : '*')),
      typeOnly: statement.entries.length > 0 && values.length === 0,
    });
  }
  for (const entry of module.staticExports.flatMap((statement) => statement.entries)) {
    if (!entry.moduleRequest) continue;
    const name = entry.importName.kind === 'Name' ? (entry.importName.name ?? '*') : '*';
    found.push({ request: entry.moduleRequest.value, names: entry.isType ? [] : [name], typeOnly: entry.isType });
  }
  for (const { moduleRequest } of module.dynamicImports) {
    const literal = /^(['"`])([^'"`$]*)\1$/.exec(text.slice(moduleRequest.start, moduleRequest.end));
    if (literal?.[2]) found.push({ request: literal[2], names: ['*'], typeOnly: false });
  }
  return found;
}

/** @param {string} request @returns {string} the package's name */
function packageOf(request) {
  return request
    .split('/')
    .slice(0, request.startsWith('@') ? 2 : 1)
    .join('/');
}

/**
 * @param {string} file
 * @param {Import} imported from a package, Node or Electron
 * @returns {string | undefined} what is wrong with it
 */
function judgePackage(file, { request, names, typeOnly }) {
  const layerName = file.split('/')[1] ?? '';
  const layer = layers[layerName];
  if (!layer) return undefined;
  const guarded = guardedPackages.find(({ name, only }) => name === packageOf(request) && !only.test(file));
  if (guarded) return `must not import ${guarded.name}: ${guarded.why}`;
  if (request === 'electron' || request.startsWith('electron/')) {
    if (layer.electron === 'none') return `${layerName} must not import Electron`;
    if (names.includes('*')) return 'import the names that are needed from Electron, not all of it';
    const allowed = layer.electron;
    const outside = allowed === 'any' ? undefined : names.find((name) => !allowed.includes(name));
    return outside && `${layerName} must not import ${outside} from Electron`;
  }
  if (isBuiltin(request)) return layer.node === 'none' ? `${layerName} must not import ${request}` : undefined;
  if (layer.packages && !layer.packages.includes(packageOf(request)) && !typeOnly) {
    return `${layerName} may use only ${layer.packages.join(', ')}, not ${request}`;
  }
  return undefined;
}

/**
 * @param {string} file
 * @param {string} target the imported source file
 * @returns {string | undefined} what is wrong with it
 */
function judgeLocal(file, target) {
  const from = file.split('/')[1] ?? '';
  const to = target.split('/')[1] ?? '';
  const layer = layers[from];
  if (layer && from !== to && !layer.local.includes(to)) {
    const partly = layer.local.filter((allowed) => allowed.startsWith(`${to}/`));
    if (partly.length === 0) return `${from} must not import ${to} (${target})`;
    if (!partly.some((allowed) => target.startsWith(`src/${allowed}`))) {
      return `${from} may import only ${partly.join(', ')}, not ${target}`;
    }
  }
  const separation = separations.find((rule) => rule.from.test(file) && rule.to.test(target));
  return separation && `must not import ${target}: ${separation.why}`;
}

/**
 * @param {Map<string, string[]>} graph
 * @returns {string[][]} one path per cycle that was met
 */
export function cyclesIn(graph) {
  /** @type {string[][]} */
  const cycles = [];
  /** @type {Set<string>} */
  const done = new Set();
  /** @param {string} node @param {string[]} trail */
  function visit(node, trail) {
    const at = trail.indexOf(node);
    if (at >= 0) {
      cycles.push([...trail.slice(at), node]);
      return;
    }
    if (done.has(node)) return;
    for (const next of graph.get(node) ?? []) visit(next, [...trail, node]);
    done.add(node);
  }
  for (const node of graph.keys()) visit(node, []);
  return cycles;
}

/**
 * @param {string} root the checkout (tests give a made-up one)
 * @returns {Violation[]}
 */
export function checkLayers(root) {
  /** @type {Violation[]} */
  const violations = [];
  /** @type {Map<string, string[]>} */
  const graph = new Map();
  /** @type {Map<string, string[]>} */
  const users = new Map();
  for (const file of sourcesOf(root, 'src')) {
    const isTest = /\.test\.tsx?$/.test(file);
    if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*\.tsx?$/.test(path.posix.basename(file))) {
      violations.push({ file, message: 'file names are kebab-case' });
    }
    const edges = [];
    for (const imported of importsOf(file, readFileSync(path.join(root, file), 'utf8'))) {
      /** @type {string | undefined} */
      let message;
      if (imported.request.startsWith('.')) {
        const target = path.posix.normalize(
          path.posix.join(path.posix.dirname(file), imported.request.replace(/\?.*$/, '')),
        );
        if (!existsSync(path.join(root, target))) message = `${imported.request} does not name a file`;
        else if (!isTest) message = judgeLocal(file, target);
        if (!imported.typeOnly) edges.push(target);
      } else if (!isTest) {
        message = judgePackage(file, imported);
        for (const guard of guardedNames.filter((rule) => imported.names.includes(rule.name))) {
          users.set(guard.name, [...(users.get(guard.name) ?? []), file]);
          if (!guard.only.test(file)) message = `must not import ${guard.name}: ${guard.why}`;
        }
      }
      if (message) violations.push({ file, message });
    }
    graph.set(file, edges);
  }
  for (const guard of guardedNames) {
    const files = users.get(guard.name) ?? [];
    for (const file of files.slice(guard.files)) {
      violations.push({ file, message: `${guard.name} is already imported by ${files[0]}: ${guard.why}` });
    }
  }
  for (const cycle of cyclesIn(graph)) {
    violations.push({ file: cycle[0] ?? '', message: `import cycle: ${cycle.join(' -> ')}` });
  }
  return violations;
}
