// `npm run bench`: measures beside peers on this machine (docs/benchmarks.md). Arguments: --only NAME, --quick, --json FILE. Asserts nothing.
import { platform } from 'node:os';
import path from 'node:path';
import { startDisplay } from './lib/display.mjs';
import { runNode, toolEnvironment } from './lib/node24.mjs';
import { inRoot } from './lib/paths.mjs';
import { fail, say } from './lib/say.mjs';
import { removeStage, stageApp } from './lib/stage.mjs';
import { setup } from './setup.mjs';

async function main() {
  await setup();
  const stage = stageApp();
  if (stage.source === 'fallback') say(`Electron ${stage.electron} is what is measured.`);
  const display = platform() === 'linux' ? await startDisplay() : undefined;
  try {
    return await runNode(inRoot('test', 'bench', 'run.ts'), process.argv.slice(2), {
      env: toolEnvironment({ ...display?.env, SALLYPORT_STAGE: path.join(stage.folder, 'stage.json') }),
    });
  } finally {
    await display?.close();
    removeStage(stage);
  }
}

process.exitCode = await main().catch(fail);
