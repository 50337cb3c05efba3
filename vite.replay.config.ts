import { defineConfig } from 'vite';
import { launcherProcess } from './vite.shared.ts';

export default defineConfig(launcherProcess('replay', 'src/replay/replay-main.ts'));
