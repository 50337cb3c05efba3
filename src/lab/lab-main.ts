import { parseArgs } from 'node:util';
import { describeLab } from './describe.ts';
import { type Lab, startLab } from './lab.ts';
import { LabError } from './lab-error.ts';
import { openLauncher } from './launcher/open-launcher.ts';
import { readStage } from './launcher/stage.ts';
import { defaultStateFolder } from './paths.ts';
import { say, sayError } from './say.ts';
import { isPersona } from './seed/people.ts';
import { runTour } from './tour/tour.ts';
import { untilStopped } from './until-stopped.ts';

const help = `Usage: npm run lab [-- OPTIONS]
  --state DIR   where the lab keeps its things (default ${defaultStateFolder()})
  --json        one line of JSON when it is ready
  --help        this text

With npm start (which prepares a launcher):
  --launcher    open the launcher on the lab
  --tour        drive the launcher through the main job; with --json one object per step
  --as NAME     who the launcher is enrolled as: operator (the default), analyst or helpDesk`;

function readArguments() {
  const { values } = parseArgs({
    options: {
      state: { type: 'string', default: defaultStateFolder() },
      json: { type: 'boolean', default: false },
      launcher: { type: 'boolean', default: false },
      tour: { type: 'boolean', default: false },
      as: { type: 'string', default: 'operator' },
      help: { type: 'boolean', default: false },
    },
  });
  if (!isPersona(values.as))
    throw new LabError(`There is no "${values.as}" in the lab.`, 'Use --as operator, --as analyst or --as helpDesk.');
  return { ...values, as: values.as };
}

async function main(): Promise<number> {
  const options = readArguments();
  if (options.help) {
    say(help);
    return 0;
  }
  const stopped = untilStopped();
  if (options.tour) return runTour({ state: options.state, stage: readStage(), json: options.json, stopped });
  const began = performance.now();
  const starting = startLab({ state: options.state, onProgress: (words) => say(`lab: ${words}`) });
  let lab: Lab;
  const early = await Promise.race([starting, stopped]);
  if (typeof early === 'string') {
    await starting.then((late) => late.stop());
    return 130;
  }
  lab = early;
  try {
    say(`lab: ready in ${((performance.now() - began) / 1000).toFixed(1)} s`);
    if (options.launcher) {
      const launcher = await openLauncher({ lab, stage: readStage(), persona: options.as });
      const code = await Promise.race([launcher.exited, stopped.then(() => null)]);
      await launcher.stop();
      return code ?? 0;
    }
    if (options.json)
      console.log(
        JSON.stringify({
          event: 'ready',
          address: lab.control.address,
          socket: lab.control.socket,
          state: lab.paths.root,
        }),
      );
    else console.log(await describeLab(lab));
    const ended = await Promise.race([
      stopped,
      ...[lab.control.process, lab.web.process, lab.edge.process].map((part) => part.exited.then(() => part)),
    ]);
    if (typeof ended === 'string') return 0;
    throw new LabError(`The ${ended.name} of the lab ended by itself.`, `Look into the logs in ${lab.paths.root}.`);
  } finally {
    await lab.stop();
  }
}

process.exitCode = await main().catch((error: unknown) => {
  sayError(error);
  return 1;
});
