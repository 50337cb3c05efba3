// `npm run test:corpus`: plays every file of SALLYPORT_CORPUS (default test/fixtures/corpus) through the real session process and checks its recording.
import { resolve } from 'node:path';
import { buildSession } from '../harness/session/session-world.ts';
import { findAsciinema } from './asciinema.ts';
import { startByteTarget } from './byte-target.ts';
import { readCorpus } from './inputs.ts';
import { playFile } from './play-file.ts';

/** Three segments, so two keyframes, of what is played. */
const atLeast = 600_000;

async function main(): Promise<number> {
  const folder = resolve(process.env.SALLYPORT_CORPUS ?? resolve(import.meta.dirname, '../fixtures/corpus'));
  const files = readCorpus(folder);
  buildSession();
  const asciinema = findAsciinema();
  if (asciinema === null) console.log('not run: what asciinema 3 says (npm run asciinema builds it)');
  const target = await startByteTarget();
  let passed = 0;
  let failed = 0;
  for (const file of files) {
    const began = performance.now();
    const { wrong, keyframes } = await playFile(file, { target, atLeast, asciinema }).catch((error: unknown) => ({
      wrong: error instanceof Error ? error.message : String(error),
      keyframes: 0,
    }));
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    if (wrong === null) passed += 1;
    else failed += 1;
    console.log(
      `${wrong === null ? 'ok' : 'FAILED'} ${file.name} (${seconds} s, ${keyframes} keyframes)${wrong === null ? '' : `: ${wrong}`}`,
    );
  }
  target.stop();
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

process.exitCode = await main();
