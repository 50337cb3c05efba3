/** The promise's value, or undefined after `ms` milliseconds or when it rejects. */
export async function within<T>(ms: number, promise: Promise<T> | null | undefined): Promise<T | undefined> {
  if (promise === null || promise === undefined) return undefined;
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), ms);
  const value = await Promise.race([promise.catch(() => undefined), late.promise]);
  clearTimeout(timer);
  return value;
}
