// How the launcher is packaged. `npm run package` (scripts/forge.mjs) sets the two fallback variables below where Electron's own
// source cannot be reached, and the version of the fallback is packaged instead; elsewhere they are unset.
import path from 'node:path';
import { FuseV1Options, FuseVersion } from '@electron/fuses';
import { PluginBase } from '@electron-forge/plugin-base';
import { FusesPlugin } from '@electron-forge/plugin-fuses';
import { VitePlugin } from '@electron-forge/plugin-vite';
import type { ForgeConfig, ForgeMultiHookMap } from '@electron-forge/shared-types';
import { build } from 'vite';
import { bundles, nativePackagesOf } from './scripts/lib/native-packages.mjs';
import { inRoot } from './scripts/lib/paths.mjs';

const fallbackVersion = process.env.SALLYPORT_FORGE_ELECTRON_VERSION;
const developing = process.env.SALLYPORT_FORGE_DEVELOPING !== undefined;
const fallbackZips = process.env.SALLYPORT_FORGE_ELECTRON_ZIPS;

/** Of a native package only what runs goes along: no sources, no build folders, no other systems' binaries. */
const nativeFile = /(\/package\.json|\/LICENSE|\/(lib|build\/Release)\/[^/]*\.js|\/[^/]+\.js|\.node|\/spawn-helper)$/;

let natives: string[] | undefined;

/** The windows' icon: outside the bundles, because Electron reads it by its path. */
const iconPath = ['/assets', '/assets/icons', '/assets/icons/icon-512.png'];

/** @returns whether a path of the checkout (with a leading slash) stays out of the package */
function isLeftOut(file: string): boolean {
  if (file === '' || file === '/package.json' || file === '/.vite' || file === '/node_modules') return false;
  if (iconPath.includes(file)) return false;
  if (file.startsWith('/.vite/renderer')) return file.endsWith('.map');
  if (file.startsWith('/.vite/build')) return !(file === '/.vite/build' || bundles.includes(path.posix.basename(file)));
  // Asked only after Forge has built the bundles.
  natives ??= nativePackagesOf(inRoot('.vite', 'build')).map((name) => `/node_modules/${name}`);
  const home = natives.find((name) => file === name || file.startsWith(`${name}/`));
  if (home) {
    const inside = file.slice(home.length);
    if (inside.includes('/prebuilds/') || /\/(src|deps|third_party|scripts|typings)(\/|$)/.test(inside)) return true;
    return path.posix.extname(file) !== '' && !nativeFile.test(file);
  }
  return !natives.some((name) => name.startsWith(`${file}/`));
}

/**
 * The launcher serves its pages from disk on `app://` and from nowhere else, in development too. So `npm run dev` builds them
 * there and again at each change; reload the window to see it. Runs after the Vite plugin, which empties .vite.
 */
class PagesOnDisk extends PluginBase<Record<string, never>> {
  name = 'pages-on-disk';

  override getHooks(): ForgeMultiHookMap {
    return { preStart: [watchPages] };
  }
}

/** Resolves when the pages are built for the first time. */
async function watchPages(): Promise<void> {
  const watcher = await build({
    configFile: inRoot('vite.renderer.config.ts'),
    logLevel: 'warn',
    build: { watch: {} },
  });
  if (!('on' in watcher)) throw new Error('Vite did not watch the pages');
  await new Promise<void>((resolve) => {
    watcher.on('event', (event) => {
      if (event.code === 'END') resolve();
    });
  });
}

const config: ForgeConfig = {
  packagerConfig: {
    name: 'Sallyport',
    executableName: 'sallyport',
    appBundleId: 'com.sallyport.launcher',
    icon: inRoot('assets', 'icons', 'icon-512'),
    ignore: isLeftOut,
    // The bundles hold every package but the native ones, which `ignore` picks.
    prune: false,
    asar: { unpack: '**/*.node' },
    ...(fallbackZips === undefined ? {} : { electronZipDir: fallbackZips }),
  },
  // Native packages are N-API: one binary for every version of Electron.
  rebuildConfig: { onlyModules: [] },
  makers: [],
  hooks: {
    readPackageJson: async (_config, packageJson) => {
      if (fallbackVersion !== undefined) packageJson.devDependencies.electron = fallbackVersion;
      return packageJson;
    },
  },
  plugins: [
    new VitePlugin({
      build: [
        { entry: 'src/main/main.ts', config: 'vite.main.config.ts', target: 'main' },
        { entry: 'src/preload/preload.ts', config: 'vite.preload.config.ts', target: 'preload' },
        { entry: 'src/preload/about-preload.ts', config: 'vite.about-preload.config.ts', target: 'preload' },
        { entry: 'src/session/session-main.ts', config: 'vite.session.config.ts', target: 'main' },
        { entry: 'src/replay/replay-main.ts', config: 'vite.replay.config.ts', target: 'main' },
      ],
      renderer: developing
        ? []
        : [
            { name: 'main_window', config: 'vite.renderer.config.ts' },
            { name: 'about_window', config: 'vite.about.config.ts' },
          ],
      concurrent: 2,
    }),
    new PagesOnDisk({}),
    new FusesPlugin({
      version: FuseVersion.V1,
      [FuseV1Options.RunAsNode]: false,
      [FuseV1Options.EnableCookieEncryption]: true,
      [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
      [FuseV1Options.EnableNodeCliInspectArguments]: false,
      // Does nothing on Linux, where Electron has no such check.
      [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: true,
      [FuseV1Options.OnlyLoadAppFromAsar]: true,
      [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
      // Pages come from app://, so file:// needs no privileges of its own.
      [FuseV1Options.GrantFileProtocolExtraPrivileges]: false,
    }),
  ],
};

export default config;
