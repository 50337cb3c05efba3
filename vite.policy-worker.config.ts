import { defineConfig } from 'vite';
import { serverProcess } from './vite.shared.ts';

export default defineConfig(serverProcess('policy-worker', 'src/control/policy/policy-worker.ts'));
