// Progress and failures in words. Everything goes to standard error: standard output belongs to what the command reports.

/** A step that failed: what failed, why, and what to do now. */
export class StepError extends Error {
  /** @param {{ what: string, why: string, todo: string }} words */
  constructor({ what, why, todo }) {
    super(`${what}\n  Why: ${why}\n  Now: ${todo}`);
    this.name = 'StepError';
  }
}

/** A failure whose words a program run by this one has printed already. */
export class AlreadySaid extends Error {}

/** @param {string} line */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/**
 * Runs one step and prints a line with its outcome and its time.
 * @param {string} name
 * @param {() => Promise<string> | string} run returns a few words on what was done
 */
export async function step(name, run) {
  const began = performance.now();
  const words = await run();
  say(`  ${name.padEnd(18)} ${words} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
}

/**
 * Ends the process with the failure's words; a stack only for what nobody foresaw.
 * @param {unknown} error
 * @returns {never}
 */
export function fail(error) {
  if (error instanceof AlreadySaid) process.exit(1);
  say(`\n${error instanceof StepError ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}
