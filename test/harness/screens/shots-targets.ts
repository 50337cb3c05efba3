import type { Shot } from './shots.ts';

export const shotsOfTargets: readonly Shot[] = [];
