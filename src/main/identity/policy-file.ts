import { z } from 'zod';
import { readText } from '../files.ts';

/** A managed device knows its server from this file, never a code: the person types only the eight characters of the invite. */
export const managedPolicySchema = z.strictObject({
  address: z.url().startsWith('https://'),
  trustRoot: z.string().regex(/^[0-9a-f]{64}$/),
  organisation: z.string().max(100).nullable().default(null),
});
export type ManagedPolicy = z.infer<typeof managedPolicySchema>;

/**
 * Reads the managed policy; null when there is no file. Throws an error in words when the file is there but wrong: an administrator's
 * mistake must be seen, not skipped.
 */
export async function readManagedPolicy(path: string): Promise<ManagedPolicy | null> {
  const text = await readText(path);
  if (text === null) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`The policy file ${path} is not JSON. Correct it or remove it, then start again.`);
  }
  const parsed = managedPolicySchema.safeParse(value);
  if (!parsed.success) {
    const first = parsed.error.issues[0];
    throw new Error(
      `The policy file ${path} is wrong at "${first?.path.join('.') ?? ''}": ${first?.message ?? 'unknown shape'}. It needs "address" (https) and "trustRoot" (64 hex digits).`,
    );
  }
  return { ...parsed.data, address: new URL(parsed.data.address).origin };
}
