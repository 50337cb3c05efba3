import { z } from 'zod';
import { type ErrorCode, errorCodes } from './codes.ts';

export const errorCodeSchema = z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]);

/**
 * An error as it crosses a process. `message` is one or two sentences for a person: what failed, why, what to do now. `facts` are
 * short machine facts shown in mono (addresses, fingerprints, times); never a secret.
 */
export const problemSchema = z.object({
  code: errorCodeSchema,
  message: z.string().max(2000),
  facts: z.record(z.string(), z.string().max(500)).optional(),
});
export type Problem = z.infer<typeof problemSchema>;

/** Nothing throws across a process: results travel as values. */
export type Result<T> = { ok: true; value: T } | { ok: false; error: Problem };

/** The one error class that carries a code inside a process. */
export class SallyportError extends Error {
  readonly code: ErrorCode;
  readonly facts: Record<string, string> | undefined;

  constructor(code: ErrorCode, message: string, options?: { facts?: Record<string, string>; cause?: unknown }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SallyportError';
    this.code = code;
    this.facts = options?.facts;
  }
}

/** Turns anything thrown into a problem. What is not ours becomes SP-9001 with a fixed text: a stranger's message may hold a secret. */
export function toProblem(error: unknown): Problem {
  if (error instanceof SallyportError) {
    return error.facts === undefined
      ? { code: error.code, message: error.message }
      : { code: error.code, message: error.message, facts: error.facts };
  }
  return { code: 'SP-9001', message: 'Something failed inside Sallyport. Try again; if it stays, report the code.' };
}

/** The reverse of `toProblem`. */
export function fromProblem(problem: Problem): SallyportError {
  return new SallyportError(problem.code, problem.message, problem.facts === undefined ? {} : { facts: problem.facts });
}

export function assertNever(value: never): never {
  throw new Error(`unhandled case: ${JSON.stringify(value)}`);
}
