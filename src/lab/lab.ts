import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
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
import { hostKeyOf, loginAccount, type SshTarget, startSshd } from './sshd/start-sshd.ts';
import { type LabFacts, readFacts, takeLab, writeFacts } from './state.ts';

export const targetNames = { web: 'web-01', edge: 'edge-gw-01', down: 'backup-02' } as const;

/** A whole world on one machine: real targets, a real control server, people, access rules, and a recording or two. */
export interface Lab {
  paths: LabPaths;
  control: Control;
  web: SshTarget;
  edge: SshTarget;
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

async function choosePorts(old: LabFacts | null): Promise<LabFacts['ports']> {
  return {
    control: await freePort(old?.ports.control),
    web: await freePort(old?.ports.web),
    edge: await freePort(old?.ports.edge),
    // Nothing ever listens here; that it stays so is all this target needs.
    down: old?.ports.down ?? (await freePort()),
  };
}

async function makeWorld(paths: LabPaths, ports: LabFacts['ports']): Promise<World> {
  const login = loginAccount();
  const [web, edge, down] = await Promise.all(
    Object.values(targetNames).map((name) => hostKeyOf(path.join(paths.targets, name))),
  );
  const common = { login, owner: 'Web team' };
  return {
    organisation: 'Lakeside Hotels (lab)',
    breakGlassRecipient: await breakGlassRecipient(paths.breakGlass),
    relayPorts: [ports.web, ports.down],
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
    ],
  };
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
    const [web, edge] = await Promise.all([target(targetNames.web, ports.web), target(targetNames.edge, ports.edge)]);

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
    return { paths, control, web, edge, login: web.login, built: old === null, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
