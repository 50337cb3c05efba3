import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import { sallyportOk } from '../../src/lab/control/command-line.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { people } from '../../src/lab/seed/people.ts';
import { type ApplyDocumentInput, applyResultSchema } from '../../src/shared/protocol/control-api.ts';

const kinds = ['db', 'edge', 'api', 'kafka', 'batch', 'ledger', 'term', 'build', 'vault', 'cache'];
const teams = ['pay', 'hr', 'web', 'ops', 'core', 'stock', 'risk', 'crm'];
const sites = ['stockholm', 'oslo', 'helsinki', 'malmo'];

/** Adds targets to the lab's own until there are `count`, by a real apply: names, labels and needs as an organisation has them. Nothing listens at their addresses. */
export async function addTargets(lab: Lab, count: number): Promise<void> {
  const document = parse(readFileSync(lab.paths.world, 'utf8')) as ApplyDocumentInput;
  const [model] = document.targets;
  if (model === undefined) throw new Error('the lab has no target to take a host key from');
  const targets = [...document.targets];
  for (let n = 0; targets.length < count; n += 1) {
    const kind = kinds[n % kinds.length] ?? 'db';
    const team = teams[Math.floor(n / kinds.length) % teams.length] ?? 'pay';
    const site = sites[n % sites.length] ?? 'oslo';
    targets.push({
      ...model,
      name: `${team}-${kind}-${String(Math.floor(n / 80) + 1).padStart(2, '0')}`,
      description: `${kind} of ${team} in ${site}`,
      host: `10.${20 + (n % 80)}.${Math.floor(n / 250) % 250}.${(n % 250) + 1}`,
      port: 22,
      route: 'relay',
      production: n % 3 === 0,
      owner: `${team} team`,
      labels: { team: 'web', site, kind },
      needs: n % 4 === 0 ? ['reason'] : n % 7 === 0 ? ['reason', 'ticket'] : [],
    });
  }
  const file = path.join(lab.paths.root, 'many-targets.yaml');
  writeFileSync(file, stringify({ ...document, targets }, { aliasDuplicateObjects: false }));
  await sallyportOk(lab.control.socket, people.engineer.id, ['apply', file], applyResultSchema);
}
