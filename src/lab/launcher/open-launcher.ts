import { appendFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import type { Lab } from '../lab.ts';
import { makeInvite } from '../owner/enrol.ts';
import { type Running, startProcess } from '../processes.ts';
import { type Persona, people } from '../seed/people.ts';
import { type Stage, userDataFolder } from './stage.ts';

/** Opens the launcher on this desktop, enrolled as `persona`; each persona keeps a user-data folder of its own. */
export async function openLauncher(options: { lab: Lab; stage: Stage; persona: Persona }): Promise<Running> {
  const { lab, stage, persona } = options;
  const data = userDataFolder({ launchers: lab.paths.launchers, name: persona, stage, fresh: false });
  const enrol = existsSync(path.join(data, 'identity.json'))
    ? []
    : [`--enrol=${(await makeInvite(lab.control, people[persona].id)).invite}`];
  const log = path.join(lab.paths.root, 'launcher.log');
  const keep = (line: string) => appendFileSync(log, `${line}\n`);
  return startProcess({
    name: 'launcher',
    command: stage.program,
    args: [stage.app, `--user-data-dir=${data}`, ...enrol],
    onLine: keep,
    onErrorLine: keep,
  });
}
