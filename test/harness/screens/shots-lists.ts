import type { Shot } from './shots.ts';

export const shotsOfLists: readonly Shot[] = [];
