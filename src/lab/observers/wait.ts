/** Resolves with the first value of `look` that is not null, asked again every 20 ms; with null when `limitMs` is over. */
export async function waitUntil<T>(look: () => T | null | Promise<T | null>, limitMs: number): Promise<T | null> {
  const end = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (performance.now() > end) return null;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
