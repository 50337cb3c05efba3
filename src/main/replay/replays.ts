import { randomUUID } from 'node:crypto';
import type { MessagePortMain } from 'electron';
import { SallyportError, toProblem } from '../../shared/errors/result.ts';
import { type OwnerToReplay, type ReplayToOwner, replayToOwnerSchema } from '../../shared/protocol/replay.ts';
import type { ControlCaller } from '../control-client/client.ts';
import type { Forked } from '../forked.ts';
import type { Log } from '../log.ts';
import { WireReads } from './wire-reads.ts';

type Asked = Exclude<ReplayToOwner, { type: 'failed' | 'screen' | 'fetch-wire' | 'exported' }>;
type Answer = { json: unknown } | { bytes: Uint8Array<ArrayBuffer> };

/** Fetches what a replay process asked for, of its one recording. Throws what the server refuses. */
export async function fetchFor(
  caller: ControlCaller,
  sessionId: string,
  purpose: string,
  asked: Asked,
): Promise<Answer> {
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

export interface ReplaysOptions {
  fork: () => Forked<OwnerToReplay>;
  /** Gives the page its end of a channel and returns the other one, for the process. */
  openPort: (replayId: string) => MessagePortMain;
  log: Log;
}

/** Replay processes, one per open replay. Identities and plaintext stay in them; main only fetches. */
export class Replays {
  private readonly running = new Map<string, Forked<OwnerToReplay>>();
  private readonly options: ReplaysOptions;

  constructor(options: ReplaysOptions) {
    this.options = options;
  }

  /** Starts a replay; its port goes to the page. Throws SP-3001 and the like when the recording may not be seen. */
  async open(options: {
    caller: ControlCaller;
    serverKey: string;
    sessionId: string;
    purpose: string;
  }): Promise<string> {
    const { caller, serverKey, sessionId, purpose } = options;
    const recording = await caller.call('getRecording', { params: { sessionId } });
    const replayId = randomUUID();
    const child = this.options.fork();
    this.running.set(replayId, child);
    const wires = new WireReads(caller, sessionId);
    child.onExit(() => {
      this.running.delete(replayId);
      wires.close();
    });
    child.onMessage((raw) => {
      const parsed = replayToOwnerSchema.safeParse(raw);
      if (!parsed.success) {
        this.options.log('replay.malformed', { sessionId });
        this.close(replayId);
        return;
      }
      if (parsed.data.type === 'failed')
        this.options.log('replay.failed', { sessionId, code: parsed.data.problem.code });
      else if (parsed.data.type === 'fetch-wire') {
        const { type: _type, id, ...asked } = parsed.data;
        void this.reply(child, sessionId, id, () => wires.next(asked));
      } else if (parsed.data.type !== 'screen' && parsed.data.type !== 'exported') {
        const asked = parsed.data;
        void this.reply(child, sessionId, asked.id, () => fetchFor(caller, sessionId, purpose, asked));
      }
    });
    child.send({ type: 'open', recording, serverKey, purpose, local: false });
    child.send({ type: 'port' }, this.options.openPort(replayId));
    return replayId;
  }

  /** Ends a replay: the process holds an identity, so it is not asked but killed. Unknown ids are fine. */
  close(replayId: string): void {
    this.running.get(replayId)?.sigkill();
    this.running.delete(replayId);
  }

  closeAll(): void {
    for (const replayId of [...this.running.keys()]) this.close(replayId);
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
