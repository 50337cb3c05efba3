import { chownSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { LabError } from '../lab-error.ts';

/** What `npm start` and `npm test` say about the launcher that they have copied for its user (scripts/lib/stage.mjs). */
const stageSchema = z.object({
  folder: z.string(),
  /** Starts Electron as the right user; its arguments are the app's folder and the app's own. */
  program: z.string(),
  app: z.string(),
  home: z.string(),
  user: z.object({ uid: z.number(), gid: z.number() }).nullable(),
  sandbox: z.boolean(),
  electron: z.string(),
  source: z.enum(['electron', 'fallback']),
});
export type Stage = z.infer<typeof stageSchema>;

/** Reads the stage that SALLYPORT_STAGE names. Throws `LabError` without one. */
export function readStage(environment: NodeJS.ProcessEnv = process.env): Stage {
  const file = environment.SALLYPORT_STAGE;
  if (file === undefined || file === '')
    throw new LabError('There is no launcher to open here.', 'Use `npm start`, which prepares one.');
  return stageSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
}

/** A user-data folder for the launcher that its user alone can read; `fresh` empties it. */
export function userDataFolder(options: { launchers: string; name: string; stage: Stage; fresh: boolean }): string {
  const folder = path.join(options.launchers, options.name);
  if (options.fresh) rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { user } = options.stage;
  if (user !== null) chownSync(folder, user.uid, user.gid);
  return folder;
}
