import { defineConfig } from 'vite';
import { launcherProcess } from './vite.shared.ts';

export default defineConfig(launcherProcess('session', 'src/session/session-main.ts'));
