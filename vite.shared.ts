// What the per-process Vite configurations have in common. scripts/build.mjs and Electron Forge (forge.config.ts) use the
// same configurations, so what people run from the checkout is what is packaged.
import { builtinModules } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Plugin, UserConfig } from 'vite';

const root = fileURLToPath(new URL('.', import.meta.url));

/** Never bundled: what Electron or Node brings, and packages with native code that must stay a file of its own. */
const external: (string | RegExp)[] = [
  'electron',
  /^electron\/(common|main|renderer|utility)$/,
  ...builtinModules,
  /^node:/,
  'node-pty',
  /^@toondepauw\/node-zstd/,
];

/**
 * ssh2 tries two native helpers and falls back to node:crypto without them. They are built for another ABI than Electron's,
 * so the bundle refuses them outright: the same code path runs everywhere, whatever lies in node_modules.
 */
function refuseOptionalNatives(): Plugin {
  const refused = '\0refused-native';
  return {
    name: 'sallyport:refuse-optional-natives',
    enforce: 'pre',
    resolveId(source) {
      return /(^cpu-features$|sshcrypto\.node$|^pg-native$)/.test(source) ? refused : null;
    },
    load(id) {
      return id === refused ? 'throw new Error("not used in a bundle"); module.exports = {};' : null;
    },
  };
}

/** A CommonJS bundle for one of the launcher's processes: `.vite/build/<name>.cjs`. */
export function launcherProcess(name: string, entry: string): UserConfig {
  return {
    root,
    plugins: [refuseOptionalNatives()],
    resolve: { conditions: ['node'], mainFields: ['module', 'main'] },
    // A CommonJS bundle has no import.meta; sources may use these three and mean the bundle's own place.
    define: {
      'import.meta.dirname': '__dirname',
      'import.meta.filename': '__filename',
      'import.meta.url': 'require("node:url").pathToFileURL(__filename).href',
    },
    build: {
      outDir: '.vite/build',
      emptyOutDir: false,
      copyPublicDir: false,
      // Electron 33 (Node 20, Chrome 130) is the oldest that runs it.
      target: 'node20',
      minify: false,
      sourcemap: true,
      reportCompressedSize: false,
      lib: { entry, formats: ['cjs'], fileName: () => `${name}.cjs` },
      rollupOptions: { external, output: { codeSplitting: false } },
    },
  };
}

/** An ES module for plain Node 24: `.vite/build/<name>.mjs`, packages loaded from node_modules. */
export function serverProcess(name: string, entry: string): UserConfig {
  return {
    root,
    ssr: { noExternal: [/\.json$/] },
    build: {
      ssr: entry,
      outDir: '.vite/build',
      emptyOutDir: false,
      copyPublicDir: false,
      target: 'node24',
      minify: false,
      sourcemap: true,
      rollupOptions: {
        // Anything that is neither relative nor absolute is a package or a builtin. JSON is taken in: the bundler drops the attribute that Node wants with it.
        external: (id) => /^[^./\0]/.test(id) && !id.endsWith('.json'),
        output: { format: 'es', entryFileNames: `${name}.mjs`, codeSplitting: false },
      },
    },
  };
}
