import path from 'node:path';
import type { Lab } from './lab.ts';
import { targetNames } from './lab.ts';
import { makeInvite } from './owner/enrol.ts';
import { people } from './seed/people.ts';

/** How to reach everything in a running lab, with lines to copy. Makes a fresh invite for each person. */
export async function describeLab(lab: Lab): Promise<string> {
  const { control, paths, web, edge } = lab;
  const as = (person: string) => `node bin/sallyport.mjs --socket ${control.socket} --as ${person}`;
  const invites = await Promise.all(
    Object.values(people).map(async (person) => ({ person, invite: await makeInvite(control, person.id) })),
  );
  return [
    '',
    `The lab runs in ${paths.root}`,
    '',
    `  control server   ${control.address}`,
    `  its authority    ${control.caFile}`,
    `  local socket     ${control.socket}`,
    `  relay log        ${path.join(control.dataFolder, 'relay.log')}`,
    `  what it is       ${paths.world}`,
    '',
    `  ${targetNames.web.padEnd(15)}  127.0.0.1:${web.port}  by certificate through the relay   log ${web.log}`,
    `  ${targetNames.edge.padEnd(15)}  127.0.0.1:${edge.port}  by certificate, direct: best effort  log ${edge.log}`,
    `  ${targetNames.down.padEnd(15)}  nothing listens there`,
    `  ${lab.switch.name.padEnd(15)}  127.0.0.1:${lab.switch.port}  by password, never on the device        log ${lab.switch.log}`,
    `  ${lab.legacy.name.padEnd(15)}  127.0.0.1:${lab.legacy.port}  by password, reaches the endpoint       log ${lab.legacy.log}`,
    '',
    'Commands:',
    `  ${as(people.engineer.id)} targets list`,
    `  ${as(people.engineer.id)} secrets list`,
    `  ${as(people.analyst.id)} sessions list`,
    `  ${as(people.analyst.id)} sessions kill SESSION --reason "why"`,
    `  ${as(people.analyst.id)} recordings list`,
    `  ${as(people.engineer.id)} invite ${people.operator.id}`,
    '',
    'Invites, good once within ten minutes:',
    ...invites.map(
      ({ person, invite }) => `  ${person.name} (${person.roles.join(', ')})  ${invite.code}\n    ${invite.invite}`,
    ),
    '',
    'Ctrl+C stops it.',
  ].join('\n');
}
