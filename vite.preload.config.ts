import { defineConfig } from 'vite';
import { launcherProcess } from './vite.shared.ts';

export default defineConfig(launcherProcess('preload', 'src/preload/preload.ts'));
