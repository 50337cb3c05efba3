import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { type OrderView, orderViewSchema } from '../../shared/model/order.ts';
import { recordingViewSchema } from '../../shared/model/recording.ts';
import { lockSchema } from '../../shared/protocol/control-api.ts';
import { sallyportOk } from '../control/command-line.ts';
import { type Lab, targetNames } from '../lab.ts';
import type { DrivenLauncher } from '../launcher/drive-launcher.ts';
import { readRelayLog } from '../observers/relay-log.ts';
import { readTargetLog } from '../observers/target-log.ts';
import { waitUntil } from '../observers/wait.ts';
import { people } from '../seed/people.ts';
import { storedFiles } from './central-store.ts';
import { checkRecording } from './check-recording.ts';
import type { TourLine } from './report.ts';
import { byTestId, connectByKeyboard, promptPattern, screenShows, typeInto } from './screen.ts';

/** What the steps share. Facts that are reported come from `lab` (logs, files, the command line), never from the launcher. */
export interface TourContext {
  lab: Lab;
  launcher: DrivenLauncher;
  photograph(name: string): Promise<void>;
  /** Gives the order to kill; tests have one that does nothing. */
  giveOrder: GiveOrder;
  limits: TourLimits;
}

/** How long each step waits before it is a failure, in milliseconds. */
export interface TourLimits {
  promptMs: number;
  echoMs: number;
  closedMs: number;
  storedMs: number;
  killedMs: number;
  replayedMs: number;
}

export const tourLimits: TourLimits = {
  promptMs: 20_000,
  echoMs: 10_000,
  closedMs: 10_000,
  storedMs: 15_000,
  killedMs: 5000,
  replayedMs: 15_000,
};

export type GiveOrder = (lab: Lab, sessionId: string, reason: string) => Promise<OrderView>;

/** A kill as another person gives it: from the command line. */
export const killByCommandLine: GiveOrder = (lab, sessionId, reason) =>
  sallyportOk(
    lab.control.socket,
    people.analyst.id,
    ['sessions', 'kill', sessionId, '--reason', reason],
    orderViewSchema,
  );

type Line<S extends TourLine['step']> = Extract<TourLine, { step: S; ok: true }>;

const since = (began: number) => Math.round(performance.now() - began);

export async function showTargets({ launcher, photograph }: TourContext, began: number): Promise<Line<'targets'>> {
  const wanted = Object.values(targetNames);
  for (const name of wanted)
    await launcher.page.locator(byTestId('target-row', { 'data-target-name': name })).waitFor();
  const ms = since(began);
  await photograph('targets');
  return { step: 'targets', ok: true, targets: wanted, ms };
}

export interface OpenSession {
  line: Line<'session-open'>;
  tab: string;
  /** The client's port as sshd sees it: names the connection in its log. */
  port: number;
}

/** Search, Enter, prompt; then what the relay and sshd say about it. */
export async function openSession({ lab, launcher, limits }: TourContext): Promise<OpenSession> {
  const relay = readRelayLog(lab.control.dataFolder);
  const target = readTargetLog(lab.web.log);
  const [relayMark, targetMark] = [relay.mark(), target.mark()];
  const began = performance.now();
  const tab = await connectByKeyboard(launcher, targetNames.web);
  await screenShows(launcher, tab, promptPattern, limits.promptMs);
  const ms = since(began);
  const opened = await relay.waitFor(relayMark, (line) => line.event === 'open', 2000);
  if (opened === null) throw new Error('a prompt is on the screen, but the relay opened nothing');
  const login = await target.acceptedLogin(targetMark, opened.sessionId, 2000);
  if (login === null) throw new Error('a prompt is on the screen, but sshd accepted no certificate for this session');
  const line = {
    step: 'session-open',
    ok: true,
    target: targetNames.web,
    sessionId: opened.sessionId,
    ms,
    login: 'certificate',
    as: login.keyId,
    authority: login.authority,
  } as const;
  return { line, tab, port: login.port };
}

/** A text made for this run: typed, echoed by the target's shell, and written there to a file, where it is looked up. */
export async function typeNonce(
  { lab, launcher, limits, photograph }: TourContext,
  tab: string,
): Promise<Line<'typed'>> {
  const nonce = `tour-${randomBytes(8).toString('hex')}`;
  await typeInto(launcher, tab, 'tail -n 3 logs/deploy.log\n');
  await screenShows(launcher, tab, /done in 36 s[\s\S]*[$#]\s*$/, limits.echoMs);
  await typeInto(launcher, tab, `echo ${nonce} | tee last-visit.txt`);
  const began = performance.now();
  await launcher.page.keyboard.press('Enter');
  // At the start of a line: what the shell answered, not what was typed behind the prompt.
  await screenShows(launcher, tab, new RegExp(`^${nonce}\\s*$`, 'm'), limits.echoMs);
  const echoMs = since(began);
  const onTarget = readFileSync(path.join(lab.web.home, 'last-visit.txt'), 'utf8');
  if (!onTarget.includes(nonce)) throw new Error('the text is on the screen, but not on the target');
  await photograph('session');
  return { step: 'typed', ok: true, nonce, echoMs };
}

const recordingListSchema = z.object({ recordings: z.array(recordingViewSchema) });

/** Ends the session with its own `exit`, and waits for the recording in the central store. */
export async function storeRecording(
  { lab, launcher, limits }: TourContext,
  session: { tab: string; sessionId: string },
): Promise<Line<'recording-stored'>> {
  const relay = readRelayLog(lab.control.dataFolder);
  await typeInto(launcher, session.tab, 'exit\n');
  const closed = await relay.waitFor(
    0,
    (line) => line.event === 'closed' && line.sessionId === session.sessionId,
    limits.closedMs,
  );
  if (closed === null) throw new Error('the shell was left, but the relay has the connection open');
  const stored = await waitUntil(async () => {
    const { recordings } = await sallyportOk(
      lab.control.socket,
      people.analyst.id,
      ['recordings', 'list'],
      recordingListSchema,
    );
    const found = recordings.find((each) => each.sessionId === session.sessionId);
    return found?.state === 'complete' ? found : null;
  }, limits.storedMs);
  if (stored === null)
    throw new Error(
      `the recording is not complete in the central store ${limits.storedMs / 1000} s after the end of its session`,
    );
  const last = Math.max(...stored.segments.map((segment) => Date.parse(segment.storedAt)));
  return {
    step: 'recording-stored',
    ok: true,
    segments: stored.segments.length,
    bytes: stored.bytes,
    lagMs: Math.max(0, last - Date.parse(closed.at)),
  };
}

/** Opens the stored files with stock programs and finds the text. */
export async function verifyStored({ lab }: TourContext, sessionId: string, nonce: string): Promise<Line<'verified'>> {
  const checked = await checkRecording({
    files: storedFiles(lab.control.dataFolder, sessionId),
    sessionId,
    identity: lab.paths.breakGlass,
  });
  if (!new RegExp(`[\\r\\n]${nonce}\\r?\\n`).test(checked.output))
    throw new Error('the stored output does not hold the text');
  if (!checked.input.includes(nonce)) throw new Error('the stored input does not hold the text');
  return { step: 'verified', ok: true, with: ['age', 'zstd', 'ssh-keygen'], nonceIn: ['output', 'input'] };
}

const killReason = 'Not the window that was agreed';

const lockListSchema = z.object({ locks: z.array(lockSchema) });

/** The lock of a kill outlives it, as it should; a tour lifts its own, also one that an interrupted tour left behind. */
export async function liftTourLocks({ control }: Lab): Promise<void> {
  const { locks } = await sallyportOk(control.socket, people.analyst.id, ['locks', 'list'], lockListSchema);
  for (const lock of locks.filter((each) => each.reason === killReason)) {
    await sallyportOk(control.socket, people.analyst.id, ['locks', 'lift', lock.id], z.unknown());
  }
}

/** Another person kills a running session from the command line; the relay and sshd say when it was over. */
export async function killSession(context: TourContext): Promise<Line<'killed'>> {
  const { lab, launcher, limits, photograph } = context;
  const relay = readRelayLog(lab.control.dataFolder);
  const target = readTargetLog(lab.web.log);
  const { line, tab, port } = await openSession(context);
  await typeInto(launcher, tab, 'tail -f logs/site.log\n');
  await screenShows(launcher, tab, /GET \S+ \d+ ms\s*$/);
  const [relayMark, targetMark] = [relay.mark(), target.mark()];
  const reason = killReason;
  const order = await context.giveOrder(lab, line.sessionId, reason);
  const wire = await relay.waitFor(
    relayMark,
    (each) => each.event === 'closed' && each.sessionId === line.sessionId,
    limits.killedMs,
  );
  const seen = await target.closed(targetMark, port, limits.killedMs);
  if (wire === null) throw new Error('the order was given, but the relay did not close the connection');
  if (wire.orderId !== order.id || typeof wire.ms !== 'number')
    throw new Error(`the relay closed the connection, but not because of the order: ${wire.why ?? 'no reason'}`);
  if (seen === null) throw new Error('the relay says that the connection is closed, but sshd does not');
  const banner = launcher.page.locator(byTestId('kill-banner'));
  await banner.waitFor();
  const words = (await banner.textContent()) ?? '';
  if (!words.includes(people.analyst.name) || !words.includes(reason))
    throw new Error(`the banner does not say who and why: ${words}`);
  await photograph('killed');
  await liftTourLocks(lab);
  const targetMs = Date.parse(seen.at) - Date.parse(order.requestedAt);
  return {
    step: 'killed',
    ok: true,
    by: people.analyst.name,
    reason,
    orderToSocketClosedMs: { relay: Math.round(wire.ms), target: targetMs },
    locked: order.lockId !== '',
  };
}

/** Folders that still wait in a launcher's spool. */
export function spooled(userData: string): string[] {
  const spool = path.join(userData, 'spool');
  return existsSync(spool) ? readdirSync(spool) : [];
}

/** In a fresh process without any local copy: History, Enter, and the text is there. */
export async function replayStored(
  { launcher, limits, photograph }: TourContext,
  options: { userData: string; sessionId: string; nonce: string },
): Promise<Line<'replayed'>> {
  const { page } = launcher;
  const left = spooled(options.userData);
  if (left.length > 0) throw new Error(`the spool still holds ${left.join(', ')}`);
  await page.locator(byTestId('nav-history')).click();
  const row = page.locator(byTestId('recording-row', { 'data-session-id': options.sessionId }));
  await row.waitFor();
  await photograph('history');
  await openReplay(launcher, options.sessionId);
  const found = await waitUntil(
    async () => ((await launcher.replayText()).includes(options.nonce) ? true : null),
    limits.replayedMs,
  );
  if (found === null)
    throw new Error(`the replay does not show the text; it shows: ${(await launcher.replayText()).trim().slice(-300)}`);
  const verified = await replayVerified(launcher);
  await photograph('replay');
  return { step: 'replayed', ok: true, spool: 'empty', verified };
}

/** Whether all of the open replay's recording holds; resolves when all of it was checked, which goes on while it plays. */
export async function replayVerified({ page }: DrivenLauncher): Promise<boolean> {
  const replay = page.locator(byTestId('replay', { 'data-surveyed': 'true' }));
  await replay.waitFor();
  return (await replay.getAttribute('data-verified')) === 'true';
}

/** Opens a recording of the list and goes to its end. Resolves with the replay's element. */
export async function openReplay(launcher: DrivenLauncher, sessionId: string) {
  const { page } = launcher;
  await page.locator(byTestId('recording-row', { 'data-session-id': sessionId })).dblclick();
  const purpose = page.locator(byTestId('replay-purpose'));
  const replay = page.locator(byTestId('replay', { 'data-ready': 'true' }));
  await purpose.or(replay).first().waitFor();
  if (await purpose.isVisible()) {
    await purpose.fill('Guided tour');
    await page.locator(byTestId('replay-purpose-open')).click();
  }
  await replay.waitFor();
  await page.keyboard.press('End');
  return replay;
}
