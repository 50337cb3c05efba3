// Vitest's global set-up for the end-to-end project: a display and a staged launcher, unless whoever runs the tests brings them.
import { platform } from 'node:os';
import path from 'node:path';
import { startDisplay } from './display.mjs';
import { removeStage, stageApp } from './stage.mjs';

/** @returns {Promise<() => Promise<void>>} undoes it */
export async function setup() {
  const stage = process.env.SALLYPORT_STAGE ? undefined : stageApp();
  if (stage) process.env.SALLYPORT_STAGE = path.join(stage.folder, 'stage.json');
  // SALLYPORT_SHOW=1 shows the windows on this desktop instead.
  const display = platform() === 'linux' && !process.env.SALLYPORT_SHOW ? await startDisplay() : undefined;
  for (const [name, value] of Object.entries(display?.env ?? {})) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  return async () => {
    await display?.close();
    if (stage) removeStage(stage);
  };
}
