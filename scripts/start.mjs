// `npm start`: the launcher on the lab. Without a display, or with --tour, the guided tour under a virtual display.
//   --tour        drive the real interface through the main job and write screenshots to out/tour/
//   --json        with the tour: one JSON object per line on standard output
//   --as NAME     who the launcher is enrolled as: operator or analyst

import { platform } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { hasDisplay, shareDesktop, startDisplay } from './lib/display.mjs';
import { runLab } from './lib/lab-process.mjs';
import { fail, StepError, say } from './lib/say.mjs';
import { removeStage, stageApp } from './lib/stage.mjs';
import { setup } from './setup.mjs';

const help = `Usage: npm start [-- OPTIONS]
  --tour      guided tour: the main job through the real interface, screenshots in out/tour/
  --json      with the tour: one JSON object per line
  --as NAME   who you are: operator (the default) or analyst
  --help      this text`;

function options() {
  try {
    const { values } = parseArgs({
      options: {
        tour: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        as: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    return values;
  } catch (error) {
    throw new StepError({
      what: 'These options were not understood.',
      why: error instanceof Error ? error.message : String(error),
      todo: `look at the list and try again\n\n${help}`,
    });
  }
}

async function main() {
  const { tour: tourWanted, json, as, help: helpWanted } = options();
  if (helpWanted) {
    console.log(help);
    return 0;
  }
  await setup();
  const tour = tourWanted || json || !hasDisplay();
  if (tour && !tourWanted && !json) say('No display here: the guided tour runs instead, on a virtual one.');
  const stage = stageApp();
  if (stage.source === 'fallback') say(`Electron ${stage.electron} runs (see the set-up's words on why).`);
  if (!stage.sandbox)
    say('This system denies user namespaces: the launcher runs WITHOUT its sandbox, for the lab only.');
  // A tour's windows must have a known size, and nobody at a desktop wants them: it always gets a display of its own.
  const display = tour && platform() === 'linux' ? await startDisplay() : undefined;
  try {
    const args = [tour ? '--tour' : '--launcher', ...(json ? ['--json'] : []), ...(as ? ['--as', as] : [])];
    return await runLab(args, {
      ...(display?.env ?? shareDesktop(stage)),
      SALLYPORT_STAGE: path.join(stage.folder, 'stage.json'),
    });
  } finally {
    await display?.close();
    removeStage(stage);
  }
}

process.exitCode = await main().catch(fail);
