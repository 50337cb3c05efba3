import { join } from 'node:path';
import type { ErrorCode } from '../../shared/errors/codes.ts';
import { type Problem, SallyportError, toProblem } from '../../shared/errors/result.ts';
import type { Backlog, LocalRecording } from '../../shared/protocol/ipc.ts';
import type { ReceiptPayload, Signed } from '../../shared/protocol/signed.ts';
import { retryDelayMs } from '../control-channel/backoff.ts';
import type { ControlCaller } from '../control-client/client.ts';
import type { Membership } from '../identity/identity.ts';
import type { Log } from '../log.ts';
import { bytesLeft, nextStep, partName } from './decide.ts';
import {
  listSpool,
  readSpoolFolder,
  releaseFiles,
  removeLeftovers,
  removeSpoolFolder,
  type SpoolContent,
} from './spool.ts';
import { putJournal, putManifest, putPart } from './upload.ts';

/** Trying again cannot help with these: the folder is kept, shown, and waits for a person. */
const stuckCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'SP-1007',
  'SP-3001',
  'SP-3020',
  'SP-3021',
  'SP-3022',
  'SP-3023',
  'SP-3024',
  'SP-5001',
  'SP-5002',
  'SP-5003',
  'SP-5005',
]);
const atOnce = 2;

interface Folder {
  sessionId: string;
  targetName: string;
  login: string;
  startedAtMs: number | null;
  stored: Set<string>;
  busy: boolean;
  /** Something happened while it was busy: look again. */
  again: boolean;
  /** The server misses what it had (it may have been restored): all that is here goes again, once. */
  resend: boolean;
  attempt: number;
  timer: NodeJS.Timeout | null;
  problem: Problem | null;
  stuck: boolean;
  bytes: number;
}

export interface SyncOptions {
  spool: string;
  link: () => { membership: Membership; caller: ControlCaller } | null;
  isLive: (sessionId: string) => boolean;
  /** Why a session without an end line ended, as far as this run of the launcher knows. */
  because: (sessionId: string) => string | null;
  onChange: () => void;
  /** A receipt came: checked, kept, as it was signed and as it reads. `frames`: of the journal's streams that the stored segments cover. */
  onReceipt: (
    sessionId: string,
    receipt: { signed: Signed; payload: ReceiptPayload; frames: { output: number; input: number } },
  ) => void;
  /** Hours that what is stored stays here too, by policy. */
  keepStoredHours: () => number;
  /** The central store has more than before. */
  onStored: (sessionId: string) => void;
  log: Log;
}

/**
 * Brings what lies in the spool to the central store. Works from the files alone, so it outlives session crashes and restarts; every upload is
 * idempotent. Nothing is deleted before the server's receipt says that all of it is stored. A folder that cannot go never holds up another.
 */
export class SyncAgent {
  private readonly folders = new Map<string, Folder>();
  private running = 0;
  private queue: Folder[] = [];
  private stopped = false;
  private tidied = false;
  private keepsStored = true;
  private readonly options: SyncOptions;

  constructor(options: SyncOptions) {
    this.options = options;
  }

  /** Looks at everything in the spool: at start, on reconnect, and when a person asks. `stuckToo` gives the stuck ones another chance. */
  async scan(stuckToo = false): Promise<void> {
    await this.tidy();
    for (const name of await listSpool(this.options.spool)) {
      const folder = this.folderOf(name);
      if (folder.stuck && !stuckToo) continue;
      folder.attempt = 0;
      folder.stuck = false;
      this.due(folder);
    }
  }

  /** Once in a run. What cannot be removed now is removed by the next one. */
  private async tidy(): Promise<void> {
    if (this.tidied) return;
    this.tidied = true;
    await removeLeftovers(this.options.spool).catch((error: unknown) =>
      this.options.log('sync.leftovers', { code: toProblem(error).code }),
    );
  }

  /** Something of this session is ready to go. */
  kick(sessionId: string): void {
    const folder = this.folderOf(sessionId);
    if (!folder.stuck) this.due(folder);
  }

  /** Removes copies of what is stored, however long policy lets them stay. Resolves when that is done, or after `limitMs`. */
  async releaseStored(limitMs: number): Promise<void> {
    this.keepsStored = false;
    try {
      await this.scan();
      await this.settled(limitMs);
    } finally {
      this.keepsStored = true;
    }
  }

  backlog(): Backlog {
    const waiting = [...this.folders.values()].filter((folder) => !this.options.isLive(folder.sessionId));
    return {
      recordings: waiting.length,
      bytes: waiting.reduce((sum, folder) => sum + folder.bytes, 0),
      lastProblem: waiting.findLast((folder) => folder.problem !== null)?.problem ?? null,
    };
  }

  local(): LocalRecording[] {
    return [...this.folders.values()].map((folder) => ({
      sessionId: folder.sessionId,
      targetName: folder.targetName,
      login: folder.login,
      startedAtMs: folder.startedAtMs,
      bytes: folder.bytes,
      state: folder.stuck
        ? 'stuck'
        : this.options.isLive(folder.sessionId)
          ? 'running'
          : folder.busy
            ? 'sending'
            : 'waiting',
      problem: folder.problem,
    }));
  }

  /** Resolves when nothing is being sent or waits for its turn (what waits for its next try does not count), or after `limitMs`. */
  async settled(limitMs: number): Promise<void> {
    const until = performance.now() + limitMs;
    while ((this.running > 0 || this.queue.length > 0) && performance.now() < until)
      await new Promise((resolve) => setTimeout(resolve, 20));
  }

  stop(): void {
    this.stopped = true;
    this.queue = [];
    for (const folder of this.folders.values()) if (folder.timer !== null) clearTimeout(folder.timer);
  }

  private folderOf(sessionId: string): Folder {
    const known = this.folders.get(sessionId);
    if (known !== undefined) return known;
    const made: Folder = {
      sessionId,
      targetName: '',
      login: '',
      startedAtMs: null,
      stored: new Set(),
      busy: false,
      again: false,
      resend: false,
      attempt: 0,
      timer: null,
      problem: null,
      stuck: false,
      bytes: 0,
    };
    this.folders.set(sessionId, made);
    return made;
  }

  private due(folder: Folder): void {
    if (folder.timer !== null) clearTimeout(folder.timer);
    folder.timer = null;
    if (folder.busy) folder.again = true;
    else if (!this.queue.includes(folder)) this.queue.push(folder);
    this.pump();
  }

  private pump(): void {
    while (!this.stopped && this.running < atOnce) {
      const folder = this.queue.shift();
      if (folder === undefined) return;
      this.running += 1;
      folder.busy = true;
      folder.again = false;
      void this.work(folder).finally(() => {
        this.running -= 1;
        folder.busy = false;
        if (folder.again) this.due(folder);
        this.options.onChange();
        this.pump();
      });
    }
  }

  private async work(folder: Folder): Promise<void> {
    try {
      while (!this.stopped && (await this.step(folder)));
      folder.attempt = 0;
    } catch (error) {
      this.failed(folder, error);
    }
  }

  /** One step of one folder; returns whether there may be another. Throws what went wrong. */
  private async step(folder: Folder): Promise<boolean> {
    const link = this.options.link();
    const path = join(this.options.spool, folder.sessionId);
    // Asked before the folder is read: a process that ends in between has written everything it will.
    const live = this.options.isLive(folder.sessionId);
    const content = await readSpoolFolder(path, link?.membership.identity.serverKey ?? null);
    if (content === null) {
      this.folders.delete(folder.sessionId);
      return false;
    }
    folder.targetName = content.session.targetName;
    folder.login = content.login;
    const startedAtMs = Date.parse(content.session.startedAt);
    folder.startedAtMs = Number.isNaN(startedAtMs) ? null : startedAtMs;
    folder.bytes = bytesLeft(content, { live, stored: folder.stored, resend: folder.resend });
    if (link === null) return false;
    assertOwn(content, link.membership);
    if (content.damaged && !live) {
      throw new SallyportError(
        'SP-3023',
        'The manifest of this recording has changed on this machine and no longer fits its signature. It is kept as it is and was not sent. Tell your security team.',
        { facts: { session: content.session.sessionId } },
      );
    }
    const keepStoredMs = this.keepsStored ? this.options.keepStoredHours() * 3_600_000 : 0;
    const { stored, resend } = folder;
    const step = nextStep(content, { live, stored, resend, keepStoredMs, nowMs: Date.now() });
    const { sessionId } = content.session;
    this.options.onChange();
    switch (step.act) {
      case 'rest':
        folder.problem = null;
        if (step.untilMs !== null) this.lookAgain(folder, step.untilMs - Date.now());
        return false;
      case 'release':
        await releaseFiles(path, step.files);
        return true;
      case 'put-part':
        await putPart(link.caller, path, sessionId, step.part);
        folder.stored.add(partName(step.part));
        return true;
      case 'put-manifest': {
        const receipt = await putManifest(link.caller, path, content, link.membership.identity.serverKey);
        folder.problem = null;
        folder.resend = false;
        this.options.onReceipt(sessionId, { ...receipt, frames: coveredFrames(content) });
        this.options.onStored(sessionId);
        return true;
      }
      case 'put-journal':
        await putJournal(
          link.caller,
          path,
          sessionId,
          this.options.because(sessionId) ?? 'The session process stopped before it could close the record.',
        );
        await this.remove(folder);
        this.options.onStored(sessionId);
        return false;
      case 'remove':
        await this.remove(folder);
        return false;
    }
  }

  /** Time is up for something that stays for a while. */
  private lookAgain(folder: Folder, ms: number): void {
    if (this.stopped) return;
    if (folder.timer !== null) clearTimeout(folder.timer);
    folder.timer = setTimeout(() => this.due(folder), Math.min(Math.max(ms, 1000), 3_600_000));
    folder.timer.unref();
  }

  private async remove(folder: Folder): Promise<void> {
    await removeSpoolFolder(this.options.spool, folder.sessionId);
    this.folders.delete(folder.sessionId);
    this.options.log('sync.done', { sessionId: folder.sessionId });
  }

  private failed(folder: Folder, error: unknown): void {
    const problem = toProblem(error);
    folder.problem = problem;
    if (problem.code === 'SP-3022' && !folder.resend) {
      folder.resend = true;
      folder.stored.clear();
      folder.again = true;
      return;
    }
    folder.stuck = stuckCodes.has(problem.code);
    this.options.log(folder.stuck ? 'sync.stuck' : 'sync.retry', { sessionId: folder.sessionId, code: problem.code });
    if (folder.stuck || this.stopped) return;
    folder.timer = setTimeout(() => this.due(folder), retryDelayMs(folder.attempt, Math.random()));
    folder.attempt += 1;
  }
}

/** Frames of each stream that the manifest's segments cover. */
function coveredFrames({ manifest }: SpoolContent): { output: number; input: number } {
  const most = (stream: 'output' | 'input') =>
    Math.max(0, ...(manifest?.parts.flatMap((part) => (part.stream === stream ? [part.frames] : [])) ?? []));
  return { output: most('output'), input: most('input') };
}

/** A recording goes only to the server and under the name it was made for. */
function assertOwn(content: SpoolContent, membership: Membership): void {
  const { session } = content;
  const { identity } = membership;
  if (session.server === identity.address && session.userId === identity.user.id) return;
  throw new SallyportError(
    'SP-5003',
    `This recording was made as ${session.userId} at ${session.server}. It is kept here; enrol this device as that person again to send it.`,
    {
      facts: { session: session.sessionId },
    },
  );
}
