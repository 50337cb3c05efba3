import { z } from 'zod';
import { type AppState, settingsSchema } from '../../shared/protocol/ipc.ts';
import { readText } from '../files.ts';

/** A managed device knows its server from this file, never a code: the person types only the eight characters of the invite. */
export const managedPolicySchema = z.strictObject({
  address: z.url().startsWith('https://'),
  trustRoot: z.string().regex(/^[0-9a-f]{64}$/),
  organisation: z.string().max(100).nullable().default(null),
  /** Settings that nobody changes on this device; a name or a value that does not exist is a mistake that must be seen. */
  settings: settingsSchema.partial().strict().default({}),
  /** Who fixed them, as the window says it: "IT operations, Norrland". */
  by: z.string().min(1).max(100).nullable().default(null),
});
export type ManagedPolicy = z.infer<typeof managedPolicySchema>;

/** What the policy fixes and in whose name; null where it fixes nothing. */
export function fixedSettings(policy: ManagedPolicy | null): AppState['fixed'] {
  if (policy === null || Object.keys(policy.settings).length === 0) return null;
  return { by: policy.by ?? policy.organisation ?? 'your organisation', settings: policy.settings };
}

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
