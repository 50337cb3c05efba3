import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Control, startControl } from '../../src/lab/control/start-control.ts';
import { type Lab, startLab } from '../../src/lab/lab.ts';
import { type DrivenLauncher, driveLauncher } from '../../src/lab/launcher/drive-launcher.ts';
import { readStage, type Stage, userDataFolder } from '../../src/lab/launcher/stage.ts';
import { makeInvite } from '../../src/lab/owner/enrol.ts';
import { type Persona, people } from '../../src/lab/seed/people.ts';

export interface OpenedLauncher extends DrivenLauncher {
  userData: string;
  /** What the app wrote to its own output so far. */
  output(): string;
}

export interface OpenOptions {
  /** Names the user-data folder: the same name again is the same device. */
  name?: string;
  persona?: Persona;
  /** `first-run` leaves the device without an identity. */
  enrol?: 'by-switch' | 'first-run' | 'is-enrolled';
  args?: string[];
}

/** A lab of its own in a temporary folder, and launchers on it; everything ends with `close`. */
export interface World {
  lab: Lab;
  stage: Stage;
  openLauncher(options?: OpenOptions): Promise<OpenedLauncher>;
  /** Stops the control server and resolves when it has gone; `startServer` brings it back on the same address and data. */
  stopServer(): Promise<void>;
  startServer(): Promise<Control>;
  /** The control server that runs now. */
  server(): Control;
  close(): Promise<void>;
}

export async function bootWorld(options: { firstRecordings?: boolean } = {}): Promise<World> {
  const state = mkdtempSync(path.join(tmpdir(), 'sallyport-lab-'));
  chmodSync(state, 0o711);
  const stage = readStage();
  const lab = await startLab({ state, firstRecordings: options.firstRecordings ?? false });
  const opened = new Set<OpenedLauncher>();
  let restarted: Control | null = null;

  async function openLauncher({
    name = 'device',
    persona = 'operator',
    enrol = 'by-switch',
    args = [],
  }: OpenOptions = {}) {
    const userData = userDataFolder({ launchers: lab.paths.launchers, name, stage, fresh: enrol !== 'is-enrolled' });
    const invite =
      enrol === 'by-switch' ? [`--enrol=${(await makeInvite(lab.control, people[persona].id)).invite}`] : [];
    let output = '';
    const driven = await driveLauncher({
      stage,
      userData,
      args: [...invite, ...args],
      onOutput(text) {
        output += text;
      },
    });
    const launcher: OpenedLauncher = {
      ...driven,
      userData,
      output: () => output,
      async close() {
        opened.delete(launcher);
        await driven.close();
      },
    };
    opened.add(launcher);
    return launcher;
  }

  return {
    lab,
    stage,
    openLauncher,
    server: () => restarted ?? lab.control,
    stopServer: () => (restarted ?? lab.control).process.stop(),
    async startServer() {
      restarted = await startControl({
        dataFolder: lab.control.dataFolder,
        port: Number(new URL(lab.control.address).port),
      });
      return restarted;
    },
    async close() {
      for (const launcher of [...opened]) await launcher.close();
      await restarted?.process.stop();
      await lab.stop();
      rmSync(state, { recursive: true, force: true });
    },
  };
}
