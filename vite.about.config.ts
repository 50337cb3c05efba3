import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { collectLicences } from './scripts/lib/licences.mjs';

export default defineConfig({
  root: fileURLToPath(new URL('src/about', import.meta.url)),
  base: './',
  plugins: [
    {
      name: 'sallyport:licences',
      generateBundle() {
        this.emitFile({ type: 'asset', fileName: 'licences.json', source: JSON.stringify(collectLicences()) });
      },
    },
  ],
  build: {
    outDir: fileURLToPath(new URL('.vite/renderer/about_window', import.meta.url)),
    emptyOutDir: true,
    target: 'chrome130',
    sourcemap: true,
    reportCompressedSize: false,
    // Pictures and fonts stay files: the page's policy allows 'self' only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: { input: fileURLToPath(new URL('src/about/about.html', import.meta.url)) },
  },
});
