import { defineConfig } from 'vite';
import { serverProcess } from './vite.shared.ts';

export default defineConfig(serverProcess('lab', 'src/lab/lab-main.ts'));
