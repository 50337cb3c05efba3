import type { Shot } from './shots.ts';

export const shotsOfTerminal: readonly Shot[] = [];
