import process from 'node:process';
import { run } from './program.ts';

process.exitCode = await run(process.argv.slice(2), {
  variables: process.env,
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
});
