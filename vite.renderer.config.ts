import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: fileURLToPath(new URL('src/renderer', import.meta.url)),
  // Loaded from app://, whose root is the built folder.
  base: './',
  plugins: [react()],
  build: {
    outDir: fileURLToPath(new URL('.vite/renderer/main_window', import.meta.url)),
    emptyOutDir: true,
    target: 'chrome130',
    sourcemap: true,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 4000,
    // Fonts stay files: the page's policy allows 'self' for fonts, not data: addresses.
    assetsInlineLimit: 0,
  },
});
