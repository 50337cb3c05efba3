import { rm } from 'node:fs/promises';
import { z } from 'zod';
import { readJson, writeWhole } from '../files.ts';

/** What enrolment pinned. Nothing in it is secret. */
export const identitySchema = z.object({
  version: z.literal(0),
  address: z.url(),
  /** PEM of the pinned authority: the only one that this launcher accepts. */
  trustRoot: z.string(),
  /** The server's signing key (OpenSSH line). */
  serverKey: z.string(),
  organisation: z.string(),
  user: z.object({ id: z.string(), name: z.string() }),
  device: z.object({ id: z.string(), name: z.string() }),
  enrolledAt: z.string(),
});
export type Identity = z.infer<typeof identitySchema>;

export function loadIdentity(path: string): Promise<Identity | null> {
  return readJson(path, identitySchema);
}

export function saveIdentity(path: string, identity: Identity): Promise<void> {
  return writeWhole(path, `${JSON.stringify(identity, null, 2)}\n`);
}

export function removeIdentity(path: string): Promise<void> {
  return rm(path, { force: true });
}
