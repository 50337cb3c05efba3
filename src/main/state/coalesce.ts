/** Calls `run` once for any number of calls in the same turn of the loop. */
export function coalesced(run: () => void): () => void {
  let planned = false;
  return () => {
    if (planned) return;
    planned = true;
    setImmediate(() => {
      planned = false;
      run();
    });
  };
}
