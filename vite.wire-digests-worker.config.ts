import { defineConfig } from 'vite';
import { serverProcess } from './vite.shared.ts';

export default defineConfig(serverProcess('wire-digests-worker', 'src/control/relay/wire-digests-worker.ts'));
