// `npm run asciinema`: builds the asciinema 3 that the corpus test asks, with Cargo, once, into the cache folder. Some minutes. The tests go on without it.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { run } from './lib/node24.mjs';
import { cacheFolder } from './lib/paths.mjs';
import { fail, StepError, say } from './lib/say.mjs';

const version = '3.2.0';

async function main() {
  const root = path.join(cacheFolder(), 'asciinema');
  const program = path.join(root, 'bin', 'asciinema');
  if (!existsSync(program)) {
    say(`asciinema ${version}, with Cargo: some minutes.`);
    const code = await run('cargo', ['install', '--locked', `asciinema@${version}`, '--root', root]);
    if (code !== 0) {
      throw new StepError({
        what: 'asciinema was not built.',
        why: `cargo ended with code ${code}; its own words are above`,
        todo: 'install Rust and run `npm run asciinema` again; without it the corpus test says that asciinema was not asked',
      });
    }
  }
  process.stdout.write(`${program}\n`);
  return 0;
}

process.exitCode = await main().catch(fail);
