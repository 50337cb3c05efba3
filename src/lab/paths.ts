import { homedir } from 'node:os';
import path from 'node:path';

/** Where a lab keeps its things; everything is below `root`, so removing that folder removes the lab. */
export interface LabPaths {
  root: string;
  /** What the last start wrote down for the next: ports. */
  facts: string;
  /** Who runs this lab now (JSON with the process id and how to reach it). */
  running: string;
  /** The document for `sallyport apply`, also an example to read. */
  world: string;
  /** Data folder of the control server. */
  control: string;
  targets: string;
  /** The organisation's break-glass age key; in production it is kept offline. */
  breakGlass: string;
  /** The device and the spool of the sessions that the lab itself makes. */
  seed: string;
  /** One user-data folder of the launcher per person. */
  launchers: string;
}

/**
 * The default folder. Root's home is closed to others and the launcher runs as an ordinary user there, so as root the lab lies where
 * that user can reach its own part.
 */
export function defaultStateFolder(environment: NodeJS.ProcessEnv = process.env): string {
  if (process.getuid?.() === 0) return '/var/lib/sallyport-lab';
  const data = environment.XDG_DATA_HOME;
  return path.join(data === undefined || data === '' ? path.join(homedir(), '.local', 'share') : data, 'sallyport-lab');
}

export function labPaths(root: string): LabPaths {
  const below = (...parts: string[]) => path.join(root, ...parts);
  return {
    root,
    facts: below('lab.json'),
    running: below('running.json'),
    world: below('lab.yaml'),
    control: below('control'),
    targets: below('targets'),
    breakGlass: below('break-glass.key'),
    seed: below('seed'),
    launchers: below('launchers'),
  };
}
