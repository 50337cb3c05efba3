// Makes golden recordings from real sessions (test/harness/golden), as root on Linux: `node scripts/golden.mjs FOLDER`. Those in test/fixtures are kept as
// they are for good: a program that cannot open them breaks the format.
import path from 'node:path';
import { packageScript, runNode, toolEnvironment } from './lib/node24.mjs';
import { inRoot } from './lib/paths.mjs';
import { fail, StepError } from './lib/say.mjs';

async function main() {
  const folder = process.argv[2];
  if (folder === undefined)
    throw new StepError({
      what: 'No folder was named.',
      why: 'golden recordings are made into one',
      todo: 'name a folder',
    });
  const config = inRoot('vitest.golden.config.ts');
  return await runNode(packageScript('vitest', 'vitest.mjs'), ['run', '--root', inRoot(), '--config', config], {
    env: toolEnvironment({ SALLYPORT_GOLDEN: path.resolve(folder) }),
  });
}

process.exitCode = await main().catch(fail);
