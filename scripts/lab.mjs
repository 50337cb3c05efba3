// `npm run lab`: the lab alone, until Ctrl+C. Arguments go to the lab.
import { runLab } from './lib/lab-process.mjs';
import { fail } from './lib/say.mjs';
import { setup } from './setup.mjs';

async function main() {
  await setup();
  return runLab(process.argv.slice(2));
}

process.exitCode = await main().catch(fail);
