// `npm run screenshots`: photographs every view and state of the window, in both themes and two sizes, into out/screenshots, and lets axe look at each. Arguments go to
// test/harness/screens/photograph.ts. Needs Debian's `chromium`, which it installs where it may.
import { runNode, toolEnvironment } from './lib/node24.mjs';
import { inRoot } from './lib/paths.mjs';
import { fail } from './lib/say.mjs';
import { installForCommand } from './lib/system-libraries.mjs';
import { setup } from './setup.mjs';

async function main() {
  await setup();
  if (process.env.CHROMIUM === undefined) installForCommand('chromium', ['chromium']);
  return runNode(inRoot('test', 'harness', 'screens', 'photograph.ts'), process.argv.slice(2), {
    env: toolEnvironment({}),
  });
}

process.exitCode = await main().catch(fail);
