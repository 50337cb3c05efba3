import { defineConfig } from 'vite';
import { serverProcess } from './vite.shared.ts';

const config = serverProcess('cli', 'src/cli/cli-main.ts');
const output = config.build?.rollupOptions?.output;
// `serve` imports the server when it runs; as a file of its own, it and its packages cost the other commands nothing.
if (output !== undefined && !Array.isArray(output))
  Object.assign(output, { codeSplitting: true, chunkFileNames: 'cli-[name].mjs' });

export default defineConfig(config);
