import type { Shot } from './shots.ts';

export const shotsOfReplay: readonly Shot[] = [];
