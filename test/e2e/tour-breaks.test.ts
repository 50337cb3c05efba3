import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { descendantsOf } from '../../src/lab/processes.ts';
import { storedFiles } from '../../src/lab/tour/central-store.ts';
import { type StepName, stepNames, type TourLine } from '../../src/lab/tour/report.ts';
import { killByCommandLine, type TourLimits } from '../../src/lab/tour/steps.ts';
import { type TourOptions, tourLab } from '../../src/lab/tour/tour.ts';
import { bootWorld, type World } from '../harness/world.ts';

let world: World;
let screenshots = '';
beforeAll(async () => {
  world = await bootWorld();
  screenshots = mkdtempSync(path.join(tmpdir(), 'sallyport-tour-'));
});
afterAll(async () => {
  await world?.close();
  rmSync(screenshots, { recursive: true, force: true });
});

async function tour(options: Pick<TourOptions, 'beforeStep' | 'giveOrder' | 'limits'>): Promise<TourLine[]> {
  const lines: TourLine[] = [];
  const report = (line: TourLine) => lines.push(line);
  const ok = await tourLab({
    lab: world.lab,
    stage: world.stage,
    screenshots,
    report,
    ...options,
  });
  expect(ok).toBe(lines.every((line) => line.ok));
  return lines;
}

/** Runs the tour with something broken before one step. */
function broken(
  step: StepName,
  breakIt: (facts: { sessionId: string | null }) => void | Promise<void>,
  limits: Partial<TourLimits> = {},
): Promise<TourLine[]> {
  return tour({ limits, beforeStep: (name, facts) => (name === step ? breakIt(facts) : undefined) });
}

function expectFailureAt(lines: TourLine[], step: StepName, message: RegExp): void {
  const before = stepNames.slice(0, stepNames.indexOf(step));
  const last = lines.at(-1);
  expect(
    lines.map((line) => [line.step, line.ok]),
    last?.ok === false ? last.message : 'no step failed',
  ).toEqual([...before.map((name) => [name, true]), [step, false]]);
  expect(lines.at(-1)).toMatchObject({
    code: expect.stringMatching(/^SP-\d{4}$/),
    message: expect.stringMatching(message),
  });
}

/** Each is a tour of its own: those whose break is like another's run with SALLYPORT_LONG. */
const long = test.skipIf(process.env.SALLYPORT_LONG === undefined);

describe('each step fails when its part is broken', () => {
  /** Undoes a break. */
  let mend: (() => void | Promise<void>)[] = [];
  afterEach(async () => {
    for (const each of mend) await each();
    mend = [];
  });

  function halt(pid: number): void {
    process.kill(pid, 'SIGSTOP');
    mend.push(() => {
      process.kill(pid, 'SIGCONT');
    });
  }

  test('targets: the control server is stopped', async () => {
    const lines = await broken('targets', async () => {
      await world.stopServer();
      mend.push(async () => {
        await world.startServer();
      });
    });
    expectFailureAt(lines, 'targets', /./);
  });

  long('session-open: the target does not answer', async () => {
    const lines = await broken('session-open', () => halt(world.lab.web.process.pid), { promptMs: 5000 });
    expectFailureAt(lines, 'session-open', /prompt|terminal/);
  });

  long('typed: the shell on the target has stopped', async () => {
    const stop = () => {
      for (const pid of descendantsOf(world.lab.web.process.pid)) halt(pid);
    };
    const lines = await broken('typed', stop, { echoMs: 5000 });
    expectFailureAt(lines, 'typed', /terminal did not show/);
  });

  long('recording-stored: the control server takes nothing', async () => {
    const lines = await broken('recording-stored', () => halt(world.server().process.pid), {
      closedMs: 4000,
      storedMs: 4000,
    });
    expectFailureAt(lines, 'recording-stored', /./);
  });

  long('verified: one stored byte is flipped', async () => {
    const lines = await broken('verified', ({ sessionId }) => {
      const file = storedFiles(world.lab.control.dataFolder, sessionId ?? '').segment('000000.cast.zst.age');
      const bytes = readFileSync(file);
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
      writeFileSync(file, bytes);
    });
    expectFailureAt(lines, 'verified', /000000\.cast\.zst\.age/);
  });

  test('killed: the order is acknowledged and ignored', async () => {
    const at = new Date().toISOString();
    const giveOrder: TourOptions['giveOrder'] = async (_lab, sessionId, reason) => ({
      id: 'order-1',
      sessionId,
      kind: 'kill',
      reason,
      by: { id: 'mira', name: 'Mira Okafor', role: 'analyst' },
      state: 'confirmed',
      requestedAt: at,
      sentAt: at,
      receivedAt: at,
      socketClosedAtClient: at,
      confirmedAt: at,
      relayClosedAt: at,
      relayClosedMs: 1,
      launcherClosedMs: 1,
      survivors: 'none',
      lockId: 'lock-1',
    });
    const lines = await tour({ giveOrder, limits: { killedMs: 2500 } });
    expectFailureAt(lines, 'killed', /relay did not close/);
  });

  long('killed: the target does not see the end', async () => {
    const giveOrder: TourOptions['giveOrder'] = async (lab, sessionId, reason) => {
      for (const pid of descendantsOf(lab.web.process.pid)) halt(pid);
      return killByCommandLine(lab, sessionId, reason);
    };
    const lines = await tour({ giveOrder, limits: { killedMs: 2500 } });
    expectFailureAt(lines, 'killed', /sshd does not/);
  });

  long('replayed: the recording has gone from the store', async () => {
    const remove = ({ sessionId }: { sessionId: string | null }) =>
      rmSync(storedFiles(world.lab.control.dataFolder, sessionId ?? '').segment('000000.cast.zst.age'));
    const lines = await broken('replayed', remove, { replayedMs: 4000 });
    expectFailureAt(lines, 'replayed', /./);
  });
});
