import type { Register } from '../environment.ts';
import { registerCat } from './recordings-cat.ts';
import { registerExport } from './recordings-export.ts';
import { registerHold } from './recordings-hold.ts';
import { registerInfo } from './recordings-info.ts';
import { registerList } from './recordings-list.ts';
import { registerVerify } from './recordings-verify.ts';

export const registerRecordings: Register = (program, open) => {
  const recordings = program
    .command('recordings')
    .summary('recordings: list, verify, show, export, hold')
    .description('Recordings in the central store, or in a folder.');
  registerList(recordings, open);
  registerVerify(recordings, open);
  registerInfo(recordings, open);
  registerCat(recordings, open);
  registerExport(recordings, open);
  registerHold(recordings, open);
};
