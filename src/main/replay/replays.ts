import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { MessagePortMain } from 'electron';
import { fromProblem, type Problem, SallyportError, toProblem } from '../../shared/errors/result.ts';
import type { RecordingView } from '../../shared/model/recording.ts';
import { type OwnerToReplay, type ReplayToOwner, replayToOwnerSchema } from '../../shared/protocol/replay.ts';
import type { ControlCaller } from '../control-client/client.ts';
import type { Forked } from '../forked.ts';
import type { Log } from '../log.ts';
import type { LocalParts } from './local-parts.ts';
import { WireReads } from './wire-reads.ts';

type Asked = Exclude<ReplayToOwner, { type: 'failed' | 'screen' | 'fetch-wire' | 'exported' }>;
type Answer = { json: unknown } | { bytes: Uint8Array<ArrayBuffer> };

/** What this device has of it. */
async function fetchHere(local: LocalParts, asked: Asked): Promise<Answer | null> {
  const bytes = (found: Uint8Array<ArrayBuffer> | null) => (found === null ? null : { bytes: found });
  switch (asked.type) {
    case 'fetch-manifest': {
      const json = await local.manifest();
      return json === null ? null : { json };
    }
    case 'fetch-segment':
      return bytes(await local.part(asked.stream, asked.seq));
    case 'fetch-journal':
      return bytes(await local.journal());
    case 'fetch-tail':
    case 'unlock':
      return null;
  }
}

/** Fetches what a replay process asked for, of its one recording: from this device where that has it, else from the server. Throws what the server refuses. */
export async function fetchFor({ caller, sessionId, purpose, local }: Source, asked: Asked): Promise<Answer> {
  const here = local === null ? null : await fetchHere(local, asked);
  if (here !== null) return here;
  switch (asked.type) {
    case 'fetch-manifest':
      return { json: await caller.call('getManifest', { params: { sessionId } }) };
    case 'fetch-segment':
      return {
        bytes: await caller.fetchBytes('getSegment', { params: { sessionId, stream: asked.stream, seq: asked.seq } }),
      };
    case 'fetch-journal':
      return { bytes: await caller.fetchBytes('getJournal', { params: { sessionId } }) };
    case 'fetch-tail':
      return { bytes: await caller.fetchBytes('getTail', { params: { sessionId } }) };
    case 'unlock':
      return {
        json: await caller.call('unlock', {
          params: { sessionId },
          body: { stream: asked.stream, purpose, recipient: asked.recipient },
        }),
      };
  }
}

/** One recording, who asks for it, and what for. */
interface Source {
  caller: ControlCaller;
  sessionId: string;
  purpose: string;
  /** What this device has of it; null where it has nothing. */
  local: LocalParts | null;
}

type Format = Extract<OwnerToReplay, { type: 'export' }>['format'];

interface Running extends Source {
  child: Forked<OwnerToReplay>;
  recording: RecordingView;
  /** Copies that are being written, and the files that hold them until they are whole. */
  exports: Map<number, { part: string; settle: (answer: { bytes: number; problem: Problem | null }) => void }>;
}

export interface ReplaysOptions {
  fork: () => Forked<OwnerToReplay>;
  /** Gives the page its end of a channel and returns the other one, for the process. */
  openPort: (replayId: string) => MessagePortMain;
  log: Log;
}

/** Replay processes, one per open replay. Identities and plaintext stay in them; main only fetches. */
export class Replays {
  private readonly running = new Map<string, Running>();
  private readonly options: ReplaysOptions;
  private nextExport = 1;

  constructor(options: ReplaysOptions) {
    this.options = options;
  }

  /**
   * Starts a replay; its port goes to the page. `local`: what this device has of the recording, and whether its session runs here. Throws SP-3001 and the like when the recording may not be
   * seen.
   */
  async open(options: {
    caller: ControlCaller;
    serverKey: string;
    sessionId: string;
    purpose: string;
    local?: { parts: LocalParts; isLive: boolean } | null;
  }): Promise<string> {
    const { caller, serverKey, sessionId, purpose } = options;
    const here = options.local ?? null;
    const stored = await caller.call('getRecording', { params: { sessionId } }).catch((error: unknown) => {
      throw here === null ? error : keyIsAway(error);
    });
    // What is stored whole is taken from the store: what lies here of it goes at any moment.
    const local = here === null || stored.state === 'complete' ? null : here.parts;
    const recording = local === null ? stored : await local.view(stored, here?.isLive === true);
    const replayId = randomUUID();
    const child = this.options.fork();
    const source: Source = { caller, sessionId, purpose, local };
    const running: Running = { ...source, child, recording, exports: new Map() };
    this.running.set(replayId, running);
    const wires = new WireReads(caller, sessionId);
    child.onExit(() => {
      this.drop(replayId);
      for (const { part } of running.exports.values()) removePart(part);
      wires.close();
    });
    child.onMessage((raw) => {
      const parsed = replayToOwnerSchema.safeParse(raw);
      if (!parsed.success) {
        this.options.log('replay.malformed', { sessionId });
        this.close(replayId);
        return;
      }
      const { data } = parsed;
      if (data.type === 'failed') this.options.log('replay.failed', { sessionId, code: data.problem.code });
      else if (data.type === 'fetch-wire') {
        const { type: _type, id, ...asked } = data;
        void this.reply(child, sessionId, id, () => wires.next(asked));
      } else if (data.type === 'exported') {
        running.exports.get(data.id)?.settle(data);
        running.exports.delete(data.id);
      } else if (data.type !== 'screen') {
        void this.reply(child, sessionId, data.id, () => fetchFor(source, data));
      }
    });
    child.send({ type: 'open', recording, serverKey, purpose, local: local !== null });
    child.send({ type: 'port' }, this.options.openPort(replayId));
    return replayId;
  }

  /** A name for a copy of what this replay shows. Throws SP-5002 when it is not open. */
  copyName(replayId: string, format: Format): string {
    const { recording } = this.require(replayId);
    const plain = recording.target.name.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[.-]+/, '');
    const when = recording.startedAt
      .slice(0, 16)
      .replace(/[^0-9T-]/g, '')
      .replace('T', '-');
    return `${plain.slice(0, 80) || 'recording'}-${when}.${format === 'asciicast' ? 'cast' : 'txt'}`;
  }

  /**
   * Has a copy written; the server writes down before that one leaves. Returns its size in bytes. Throws what the server refuses, then nothing is written; SP-5002 when the replay is not open any
   * more, and what the process could not do.
   */
  async export(
    replayId: string,
    copy: { format: Format; path: string; by: string; software: string },
  ): Promise<number> {
    const { caller, sessionId, purpose } = this.require(replayId);
    await caller.call('noteExport', { params: { sessionId }, body: { format: copy.format, purpose } });
    const { child, exports } = this.require(replayId);
    const id = this.nextExport;
    this.nextExport += 1;
    const part = `${copy.path}.${randomUUID()}.part`;
    const { bytes, problem } = await new Promise<{ bytes: number; problem: Problem | null }>((resolve) => {
      exports.set(id, { part, settle: resolve });
      child.send({ type: 'export', id, ...copy, part });
    });
    if (problem !== null) throw fromProblem(problem);
    return bytes;
  }

  /** Ends a replay: the process holds an identity, so it is not asked but killed. Unknown ids are fine. */
  close(replayId: string): void {
    this.running.get(replayId)?.child.sigkill();
    this.drop(replayId);
  }

  closeAll(): void {
    for (const replayId of [...this.running.keys()]) this.close(replayId);
  }

  private drop(replayId: string): void {
    const { exports } = this.running.get(replayId) ?? {};
    this.running.delete(replayId);
    const problem = toProblem(closed());
    for (const { part, settle } of exports?.values() ?? []) {
      removePart(part);
      settle({ bytes: 0, problem });
    }
  }

  private require(replayId: string): Running {
    const found = this.running.get(replayId);
    if (found === undefined) throw closed();
    return found;
  }

  /** Answers one question of a replay process with what `fetch` gives, or the problem it throws. */
  private async reply(
    child: Forked<OwnerToReplay>,
    sessionId: string,
    id: number,
    fetch: () => Promise<Answer>,
  ): Promise<void> {
    try {
      child.send({ type: 'answer', id, ...(await fetch()) });
    } catch (error) {
      if (!(error instanceof SallyportError)) this.options.log('replay.fetch-failed', { sessionId });
      child.send({ type: 'answer', id, problem: toProblem(error) });
    }
  }
}

/** What a process that was killed has left of a copy is readable. Once more when it is gone: it may have begun the file in between. */
function removePart(part: string): void {
  try {
    rmSync(part, { force: true });
  } catch {
    // A disk that is not there any more has its copy of it.
  }
}

function closed(): SallyportError {
  return new SallyportError('SP-5002', 'The replay was closed, so no copy was written. Open the recording again.');
}

/** Of a recording that is at hand while the server is not. */
function keyIsAway(error: unknown): unknown {
  if (!(error instanceof SallyportError) || error.code !== 'SP-1003') return error;
  return new SallyportError(
    'SP-1003',
    `This recording is on this device, but its key is with the control server, which cannot be reached: it opens when the connection is back. ${error.message}`.slice(
      0,
      1900,
    ),
    error.facts === undefined ? {} : { facts: error.facts },
  );
}
