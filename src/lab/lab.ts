import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { applyResultSchema } from '../shared/protocol/control-api.ts';
import { sallyportOk } from './control/command-line.ts';
import { sshAuthorityOf } from './control/ssh-authority.ts';
import { type Control, startControl } from './control/start-control.ts';
import { type LabPaths, labPaths } from './paths.ts';
import { freePort } from './ports.ts';
import { breakGlassRecipient } from './seed/break-glass.ts';
import { makeFirstRecordings } from './seed/first-recordings.ts';
import { people } from './seed/people.ts';
import { type World, worldText } from './seed/world.ts';
import { makePassword, type PasswordTarget, startPasswordTarget } from './sshd/password-target.ts';
import { hostKeyOf, loginAccount, type SshTarget, startSshd } from './sshd/start-sshd.ts';
import { type LabFacts, readFacts, takeLab, writeFacts } from './state.ts';

export const targetNames = { web: 'web-01', edge: 'edge-gw-01', down: 'backup-02' } as const;
/** These take passwords only. */
export const passwordTargets = {
  switch: { name: 'switch-01', login: 'admin', credential: 'password', methods: ['keyboard-interactive'] },
  legacy: { name: 'legacy-01', login: 'service', credential: 'sealed-password', methods: ['password'] },
} as const;

/** A whole world on one machine: real targets, a real control server, people, access rules, and a recording or two. */
export interface Lab {
  paths: LabPaths;
  control: Control;
  web: SshTarget;
  edge: SshTarget;
  switch: PasswordTarget;
  legacy: PasswordTarget;
  login: string;
  /** Whether this start built it. */
  built: boolean;
  /** Ends every process of the lab, by its id. Safe to call again. */
  stop(): Promise<void>;
}

export interface LabOptions {
  state: string;
  /** Tests that make their own recordings can do without the first ones. */
  firstRecordings?: boolean;
  onProgress?: (words: string) => void;
}

type Ports = Required<LabFacts['ports']>;

async function choosePorts(old: LabFacts | null): Promise<Ports> {
  return {
    control: await freePort(old?.ports.control),
    web: await freePort(old?.ports.web),
    edge: await freePort(old?.ports.edge),
    switch: await freePort(old?.ports.switch),
    legacy: await freePort(old?.ports.legacy),
    // Nothing ever listens here; that it stays so is all this target needs.
    down: old?.ports.down ?? (await freePort()),
  };
}

async function makeWorld(paths: LabPaths, ports: Ports): Promise<World> {
  const login = loginAccount();
  const [web, edge, down] = await Promise.all(
    Object.values(targetNames).map((name) => hostKeyOf(path.join(paths.targets, name))),
  );
  const [switchKey, legacyKey] = await Promise.all(
    Object.values(passwordTargets).map(({ name }) => hostKeyOf(path.join(paths.targets, name))),
  );
  const common = { login, credential: 'certificate', owner: 'Web team' } as const;
  return {
    organisation: 'Lakeside Hotels (lab)',
    breakGlassRecipient: await breakGlassRecipient(paths.breakGlass),
    relayPorts: [ports.web, ports.down, ports.switch, ports.legacy],
    targets: [
      {
        ...common,
        name: targetNames.web,
        description: 'Booking site, first of two',
        port: ports.web,
        route: 'relay',
        labels: { team: 'web', site: 'north' },
        production: true,
        hostKey: web ?? '',
      },
      {
        ...common,
        name: targetNames.edge,
        description: 'Edge gateway, reached without the relay',
        port: ports.edge,
        route: 'direct',
        labels: { team: 'web', site: 'edge' },
        production: false,
        hostKey: edge ?? '',
      },
      {
        ...common,
        name: targetNames.down,
        description: 'Nightly copies, being moved to another rack',
        port: ports.down,
        route: 'relay',
        labels: { team: 'web', site: 'north' },
        production: false,
        hostKey: down ?? '',
      },
      {
        ...passwordTargets.switch,
        description: 'Rack switch, takes a password only; the server logs in and hands over',
        port: ports.switch,
        route: 'relay',
        labels: { team: 'web', site: 'north' },
        production: false,
        owner: 'Network team',
        hostKey: switchKey ?? '',
      },
      {
        ...passwordTargets.legacy,
        description: 'Door controller of 2011; its password reaches the device',
        port: ports.legacy,
        route: 'relay',
        labels: { team: 'web', site: 'edge' },
        production: false,
        owner: 'Facilities',
        hostKey: legacyKey ?? '',
      },
    ],
  };
}

/** Sets a password target's password, as its owner would, and puts it into the vault, as an engineer would. */
export async function storePassword(control: Control, target: PasswordTarget, password: string): Promise<void> {
  const command = ['secrets', 'set', target.name, target.login, '--fd', '0'];
  await sallyportOk(control.socket, people.engineer.id, command, z.object({ set: z.unknown() }), password);
  target.setPassword(password);
}

/**
 * Starts the lab in its folder, building what is missing. Throws `LabError` (in words) when a part does not start; then everything that had started is
 * stopped again.
 */
export async function startLab(options: LabOptions): Promise<Lab> {
  const paths = labPaths(path.resolve(options.state));
  const progress = options.onProgress ?? (() => undefined);
  mkdirSync(paths.root, { recursive: true });
  // Passable, not readable: the launcher may run as another user and has its folder below.
  chmodSync(paths.root, 0o711);
  mkdirSync(paths.targets, { recursive: true, mode: 0o700 });
  mkdirSync(paths.launchers, { recursive: true, mode: 0o711 });
  const giveBack = takeLab(paths.running);
  const started: { stop(): Promise<void> }[] = [];
  let stopping: Promise<void> | null = null;
  function stop(): Promise<void> {
    stopping ??= Promise.allSettled(started.map((each) => each.stop())).then(giveBack);
    return stopping;
  }
  try {
    const old = readFacts(paths.facts);
    const ports = await choosePorts(old);
    progress('control server');
    const [world, control] = await Promise.all([
      makeWorld(paths, ports),
      startControl({ dataFolder: paths.control, port: ports.control }),
    ]);
    started.push(control.process);
    progress('targets');
    const authority = await sshAuthorityOf(control);
    async function target(name: string, port: number): Promise<SshTarget> {
      const sshd = await startSshd({ name, folder: path.join(paths.targets, name), port, authority });
      started.push(sshd.process);
      return sshd;
    }
    async function passwordTarget(kind: keyof typeof passwordTargets): Promise<PasswordTarget> {
      const { name, login, methods } = passwordTargets[kind];
      const folder = path.join(paths.targets, name);
      const made = await startPasswordTarget({ name, folder, port: ports[kind], login, methods: [...methods] });
      started.push(made);
      return made;
    }
    const [web, edge, switchTarget, legacy] = await Promise.all([
      target(targetNames.web, ports.web),
      target(targetNames.edge, ports.edge),
      passwordTarget('switch'),
      passwordTarget('legacy'),
    ]);

    const text = worldText(world);
    const digest = createHash('sha256').update(text).digest('hex');
    let facts: LabFacts = { version: 0, ports, applied: old?.applied ?? null, seeded: old?.seeded ?? false };
    if (facts.applied !== digest) {
      progress('people, targets and access rules');
      writeFileSync(paths.world, text);
      await sallyportOk(control.socket, people.engineer.id, ['apply', paths.world], applyResultSchema);
      facts = { ...facts, applied: digest };
      writeFacts(paths.facts, facts);
    }
    const without = [switchTarget, legacy].filter((each) => each.needsPassword);
    if (without.length > 0) {
      progress('passwords into the vault');
      await Promise.all(without.map((each) => storePassword(control, each, makePassword())));
    }
    if (!facts.seeded && options.firstRecordings !== false) {
      progress('first recordings, by real sessions');
      await makeFirstRecordings({
        control,
        spool: paths.seed,
        login: web.login,
        web: targetNames.web,
        edge: targetNames.edge,
      });
      facts = { ...facts, seeded: true };
    }
    writeFacts(paths.facts, facts);
    return { paths, control, web, edge, switch: switchTarget, legacy, login: web.login, built: old === null, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
