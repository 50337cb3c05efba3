// `npm run test:corpus`: plays every file of the folder SALLYPORT_CORPUS (default test/fixtures/corpus) through the real session process, and checks what was
// recorded. The last line is "N passed, N failed".
import { runNode, toolEnvironment } from './lib/node24.mjs';
import { inRoot } from './lib/paths.mjs';
import { fail } from './lib/say.mjs';
import { setup } from './setup.mjs';

async function main() {
  await setup();
  return runNode(inRoot('test', 'corpus', 'run.ts'), process.argv.slice(2), { env: toolEnvironment({}) });
}

process.exitCode = await main().catch(fail);
