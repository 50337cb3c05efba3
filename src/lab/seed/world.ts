import type { NamedPolicy } from '../../shared/model/policy-set.ts';
import type { LoginKind } from '../../shared/model/target.ts';
import { people } from './people.ts';
import { shippedPolicies } from './policies.ts';

/** A target of the lab as the world names it. */
export interface WorldTarget {
  name: string;
  description: string;
  port: number;
  route: 'relay' | 'direct';
  labels: Record<string, string>;
  production: boolean;
  owner: string;
  login: string;
  credential: LoginKind;
  hostKey: string;
}

export interface World {
  organisation: string;
  breakGlassRecipient: string;
  /** Ports on loopback that the relay may reach. */
  relayPorts: number[];
  targets: WorldTarget[];
}

/** JSON is YAML: quoting like this is right for any text. */
const text = (value: unknown): string => JSON.stringify(value);

function personLines({
  id,
  name,
  roles,
  groups,
}: {
  id: string;
  name: string;
  roles: readonly string[];
  groups: readonly string[];
}): string[] {
  return [
    `  - id: ${text(id)}`,
    `    name: ${text(name)}`,
    `    roles: [${roles.join(', ')}]`,
    `    groups: [${groups.join(', ')}]`,
  ];
}

function targetLines(target: WorldTarget): string[] {
  return [
    `  - name: ${text(target.name)}`,
    `    description: ${text(target.description)}`,
    '    host: "127.0.0.1"',
    `    port: ${target.port}`,
    `    route: ${target.route}`,
    '    labels:',
    ...Object.entries(target.labels).map(([key, value]) => `      ${key}: ${text(value)}`),
    `    production: ${target.production}`,
    `    owner: ${text(target.owner)}`,
    '    logins:',
    `      - { name: ${text(target.login)}, default: true, credential: ${target.credential} }`,
    '    hostKeys:',
    `      - ${text(target.hostKey)}`,
  ];
}

function policyLines({ id, words, cedar }: NamedPolicy): string[] {
  return [`  # ${words}`, `  - id: ${text(id)}`, '    cedar: |', ...cedar.split('\n').map((line) => `      ${line}`)];
}

/** The document for `sallyport apply`, with words for whoever reads it as an example. */
export function worldText(world: World): string {
  return `${[
    '# What this deployment is made of. `sallyport apply lab.yaml` makes the server so: every list is the whole truth for its kind.',
    'organisation:',
    `  name: ${text(world.organisation)}`,
    '  # Opens every recording without the server. Its private half belongs in a safe; the laboratory keeps it beside this file.',
    `  breakGlassRecipient: ${text(world.breakGlassRecipient)}`,
    '  # Devices keep their key in the keyring; the laboratory allows a file, so that it also runs where there is none.',
    '  deviceKey: file',
    '  # The relay never connects to loopback, but for these. Leave this out in production.',
    `  relayExceptions: [${world.relayPorts.map((port) => text(`127.0.0.1:${port}`)).join(', ')}]`,
    '  # Lets logins say sealed-password: their password reaches the device. legacy-01 shows it; where no target needs it, leave this out.',
    '  sealedPasswords: allowed',
    '',
    'people:',
    ...Object.values(people).flatMap(personLines),
    '',
    '# `sallyport targets scan-host-key HOST:PORT` prints the line for hostKeys; compare its fingerprint at the machine itself.',
    'targets:',
    ...world.targets.flatMap(targetLines),
    '',
    '# Access rules, in Cedar: those that Sallyport brings (assets/policies). What no rule permits is denied.',
    'policies:',
    ...shippedPolicies().flatMap(policyLines),
  ].join('\n')}\n`;
}
