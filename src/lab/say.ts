import { SallyportError } from '../shared/errors/result.ts';
import { LabError } from './lab-error.ts';

/** Words for a person, on standard error: standard output is for what a program reads. */
export function say(words: string): void {
  process.stderr.write(`${words}\n`);
}

/** What failed, why, and what to do now. */
export function sayError(error: unknown): void {
  if (error instanceof LabError) say(`\n${error.message}\n${error.todo}`);
  else if (error instanceof SallyportError) say(`\n${error.message} (${error.code})`);
  else say(`\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
}
