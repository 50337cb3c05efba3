// Prints the licences of everything that the launcher carries. `--json`: as the window with the versions gets them.
import { collectLicences } from './lib/licences.mjs';
import { fail } from './lib/say.mjs';

try {
  const all = collectLicences();
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(all, null, 1)}\n`);
  else for (const { name, version, licence } of all) console.log(`${name} ${version}  ${licence}`);
} catch (error) {
  fail(error);
}
