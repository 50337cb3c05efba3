import { rmSync } from 'node:fs';
import path from 'node:path';
import type { ErrorCode } from '../../shared/errors/codes.ts';
import { SallyportError } from '../../shared/errors/result.ts';
import { type Lab, startLab } from '../lab.ts';
import { LabError } from '../lab-error.ts';
import { type DrivenLauncher, driveLauncher } from '../launcher/drive-launcher.ts';
import { type Stage, userDataFolder } from '../launcher/stage.ts';
import { makeInvite } from '../owner/enrol.ts';
import { say } from '../say.ts';
import { people } from '../seed/people.ts';
import { RecordingCheckError } from './check-recording.ts';
import { type StepName, type TourLine, tourPrinter } from './report.ts';
import { byTestId, enrolByInvite } from './screen.ts';
import {
  type GiveOrder,
  killByCommandLine,
  killSession,
  liftTourLocks,
  openSession,
  replayStored,
  showTargets,
  storeRecording,
  type TourContext,
  type TourLimits,
  tourLimits,
  typeNonce,
  verifyStored,
} from './steps.ts';

/** The code of a step that fails for a reason that has none of its own. */
const stepCodes: Record<StepName, ErrorCode> = {
  targets: 'SP-1003',
  'session-open': 'SP-2050',
  typed: 'SP-2050',
  'recording-stored': 'SP-3032',
  verified: 'SP-3030',
  killed: 'SP-4010',
  replayed: 'SP-3001',
};

export interface TourOptions {
  lab: Lab;
  stage: Stage;
  /** Folder for the pictures; emptied first. */
  screenshots: string;
  report(line: TourLine): void;
  /** Tests break something here, to see that the tour notices. */
  beforeStep?: (step: StepName, facts: { sessionId: string | null; launcher: DrivenLauncher }) => void | Promise<void>;
  /** Instead of the command line's kill: tests ignore it. */
  giveOrder?: GiveOrder;
  /** Shorter ones, where a test waits for a failure. */
  limits?: Partial<TourLimits>;
  /** Also keeps what the app writes to its own output. */
  onOutput?: (text: string) => void;
}

/** A step's failure, already reported. */
class StepFailed extends Error {}

/** A driver's own log is no news to anybody, and one step is one line. */
function oneLine(words: string): string {
  const told = words.split(/\n(?:Call log:|={3,})/)[0] ?? words;
  return told.replace(/\s+/g, ' ').trim().slice(0, 600);
}

function failure(step: StepName, error: unknown): TourLine {
  const message = error instanceof Error ? error.message : String(error);
  const words = error instanceof LabError ? `${message} ${error.todo}` : message;
  const code =
    error instanceof SallyportError ? error.code : error instanceof RecordingCheckError ? 'SP-3030' : stepCodes[step];
  return { step, ok: false, code, message: oneLine(words) };
}

/** Does the main job through the real interface. Resolves with whether every step succeeded; the first that fails is the last that is reported. */
export async function tourLab(options: TourOptions): Promise<boolean> {
  const { lab, stage, report } = options;
  rmSync(options.screenshots, { recursive: true, force: true });
  const userData = userDataFolder({ launchers: lab.paths.launchers, name: 'tour', stage, fresh: true });
  const screenshots: string[] = [];
  const launch = () =>
    driveLauncher({ stage, userData, ...(options.onOutput === undefined ? {} : { onOutput: options.onOutput }) });
  let launcher: DrivenLauncher | null = null;
  let sessionId: string | null = null;

  function contextOf(current: DrivenLauncher): TourContext {
    return {
      lab,
      launcher: current,
      limits: { ...tourLimits, ...options.limits },
      giveOrder: options.giveOrder ?? killByCommandLine,
      async photograph(name) {
        const file = path.join(options.screenshots, `${String(screenshots.length + 1).padStart(2, '0')}-${name}.png`);
        screenshots.push(await current.screenshot(file));
      },
    };
  }

  async function step<L extends TourLine>(name: StepName, work: (context: TourContext) => Promise<L>): Promise<L> {
    try {
      launcher ??= await launch();
      await options.beforeStep?.(name, { sessionId, launcher });
      const line = await work(contextOf(launcher));
      report(line);
      return line;
    } catch (error) {
      report(failure(name, error));
      throw new StepFailed();
    }
  }

  try {
    await step('targets', async (context) => {
      await context.launcher.page.locator(byTestId('first-run-invite')).waitFor();
      await context.photograph('first-run');
      await liftTourLocks(lab);
      const began = performance.now();
      await enrolByInvite(context.launcher, (await makeInvite(lab.control, people.operator.id)).invite);
      return showTargets(context, began);
    });
    let tab = '';
    const opened = await step('session-open', async (context) => {
      const session = await openSession(context);
      tab = session.tab;
      return session.line;
    });
    sessionId = opened.sessionId;
    const { nonce } = await step('typed', (context) => typeNonce(context, tab));
    await step('recording-stored', (context) => storeRecording(context, { tab, sessionId: opened.sessionId }));
    await step('verified', (context) => verifyStored(context, opened.sessionId, nonce));
    await step('killed', killSession);
    let electron = '';
    await step('replayed', async (context) => {
      electron = await context.launcher.app.evaluate(() => process.versions.electron ?? '');
      await context.launcher.close();
      launcher = await launch();
      return replayStored(contextOf(launcher), { userData, sessionId: opened.sessionId, nonce });
    });
    report({ step: 'done', ok: true, electron, screenshots });
    return true;
  } catch (error) {
    if (error instanceof StepFailed) return false;
    throw error;
  } finally {
    await (launcher as DrivenLauncher | null)?.close();
  }
}

/** The tour as `npm start` runs it: a lab, the steps, and a clean end. Resolves with the exit code. */
export async function runTour(options: {
  state: string;
  stage: Stage;
  json: boolean;
  stopped: Promise<string>;
}): Promise<number> {
  const print = tourPrinter(options.json);
  let lab: Lab;
  try {
    lab = await startLab({ state: options.state, onProgress: (words) => say(`lab: ${words}`) });
  } catch (error) {
    const words =
      error instanceof LabError
        ? `${error.message} ${error.todo}`
        : error instanceof Error
          ? error.message
          : String(error);
    print({
      step: 'start',
      ok: false,
      code: error instanceof SallyportError ? error.code : 'SP-9001',
      message: oneLine(words),
    });
    return 1;
  }
  try {
    const screenshots = path.resolve('out', 'tour');
    const done = await Promise.race([
      tourLab({ lab, stage: options.stage, screenshots, report: print }),
      options.stopped.then(() => null),
    ]);
    return done === null ? 130 : done ? 0 : 1;
  } finally {
    await lab.stop();
  }
}
