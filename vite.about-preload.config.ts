import { defineConfig } from 'vite';
import { launcherProcess } from './vite.shared.ts';

export default defineConfig(launcherProcess('about-preload', 'src/preload/about-preload.ts'));
