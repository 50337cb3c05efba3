import type { Shot } from './shots.ts';

export const shotsOfLayout: readonly Shot[] = [];
