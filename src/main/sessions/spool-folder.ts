import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Signed } from '../../shared/protocol/signed.ts';
import { writeWhole } from '../files.ts';

/** `session.json` of a spool folder (docs/architecture.md): enough to upload what lies there after any crash. Nothing in it is secret. */
export const spoolSessionSchema = z.object({
  version: z.literal(0),
  sessionId: z.uuid(),
  userId: z.string(),
  deviceId: z.string(),
  targetName: z.string(),
  startedAt: z.string(),
  sessionKey: z.string(),
  sessionKeyCertificate: z.string(),
  server: z.string(),
});
export type SpoolSession = z.infer<typeof spoolSessionSchema>;

/**
 * Makes `spool/<sessionId>/` (0700) with its session.json and the grant as received (a folder can be verified where it lies), before the session
 * process may start. Returns the folder.
 */
export async function makeSpoolFolder(spool: string, session: SpoolSession, grant: Signed): Promise<string> {
  const folder = join(spool, spoolSessionSchema.shape.sessionId.parse(session.sessionId));
  await mkdir(spool, { recursive: true, mode: 0o700 });
  await mkdir(folder, { mode: 0o700 });
  try {
    await writeWhole(join(folder, 'grant.json'), JSON.stringify(grant));
    await writeWhole(join(folder, 'session.json'), `${JSON.stringify(session, null, 2)}\n`);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return folder;
}
