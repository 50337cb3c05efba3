// `npm run openbao`: builds the OpenBao of the tests, once. `npm test` never does: it takes minutes. Prints the program's path.
import { buildOpenbao } from './lib/openbao.mjs';
import { fail, say } from './lib/say.mjs';

async function main() {
  say('OpenBao from its module, with Go: some minutes the first time.');
  process.stdout.write(`${await buildOpenbao()}\n`);
  return 0;
}

process.exitCode = await main().catch(fail);
