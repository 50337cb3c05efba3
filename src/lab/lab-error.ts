/** What stops the lab: what failed, why, and what to do now. It never crosses a process as a Sallyport problem, so it has no code of ours. */
export class LabError extends Error {
  readonly todo: string;

  constructor(message: string, todo: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'LabError';
    this.todo = todo;
  }
}
