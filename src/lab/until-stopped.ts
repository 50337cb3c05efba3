/** Resolves at Ctrl+C, SIGTERM, SIGHUP, or when the process that started this one has gone. */
export function untilStopped(): Promise<string> {
  return new Promise((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => resolve(name));
    const parent = process.ppid;
    // There is no event for a parent's end; an orphan is adopted by another process.
    const watch = setInterval(() => {
      if (process.ppid !== parent) resolve('parent gone');
    }, 500);
    watch.unref();
  });
}
