import { defineConfig } from 'vite';
import { serverProcess } from './vite.shared.ts';

export default defineConfig(serverProcess('cli', 'src/cli/cli-main.ts'));
