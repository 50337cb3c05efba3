import type { Shot } from './shots.ts';

export const shotsOfShell: readonly Shot[] = [];
