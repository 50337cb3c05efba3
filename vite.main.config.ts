import { defineConfig } from 'vite';
import { launcherProcess } from './vite.shared.ts';

export default defineConfig(launcherProcess('main', 'src/main/main.ts'));
