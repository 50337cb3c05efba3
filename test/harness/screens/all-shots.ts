import { type Shot, shots } from './shots.ts';
import { shotsOfLayout } from './shots-layout.ts';
import { shotsOfLists } from './shots-lists.ts';
import { shotsOfReplay } from './shots-replay.ts';
import { shotsOfShell } from './shots-shell.ts';
import { shotsOfTargets } from './shots-targets.ts';
import { shotsOfTerminal } from './shots-terminal.ts';

/** Every view and state that is photographed; an area keeps its own in a file of its own. */
export const allShots: readonly Shot[] = [
  ...shots,
  ...shotsOfTargets,
  ...shotsOfLayout,
  ...shotsOfTerminal,
  ...shotsOfReplay,
  ...shotsOfLists,
  ...shotsOfShell,
];
