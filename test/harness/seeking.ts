import { Terminal } from '@xterm/headless/lib-headless/xterm-headless.mjs';
import { ageSeal } from '../../src/recording/codecs/age.ts';
import { Fetcher } from '../../src/replay/fetcher.ts';
import { openRecording } from '../../src/replay/open-recording.ts';
import { Reader } from '../../src/replay/reader.ts';
import { SallyportError, toProblem } from '../../src/shared/errors/result.ts';
import type { RecordingView } from '../../src/shared/model/recording.ts';
import type { ReplayToOwner, ReplayToScreen } from '../../src/shared/protocol/replay.ts';
import type { LongRecording } from './long-recording.ts';

/** What the owner of a replay process answers it. */
export interface OwnersAnswer {
  json?: unknown;
  bytes?: Uint8Array;
}

/** Answers from memory, as an owner would that has everything at hand. */
export async function answerFromMemory(recording: LongRecording, asked: ReplayToOwner): Promise<OwnersAnswer> {
  if (asked.type === 'fetch-manifest') return { json: recording.answer };
  if (asked.type === 'fetch-segment')
    return {
      bytes: new Uint8Array((asked.stream === 'text' ? recording.textFile : recording.stored[asked.seq]) ?? []),
    };
  if (asked.type !== 'unlock') throw new SallyportError('SP-3032', 'There is none.');
  const sealed = await ageSeal(Buffer.from(`${recording.identity}\n`), [asked.recipient]);
  return { json: { sealedIdentity: Buffer.from(sealed).toString('base64') } };
}

export interface Jump {
  /** From the question to a drawn screen. */
  ms: number;
  /** Processor time of this process meanwhile. */
  workMs: number;
  /** What the screen's first line says then. */
  firstLine: string | undefined;
}

/** Opens a recording as the replay process does, with a terminal that draws what it answers. */
export async function openToSeek(options: {
  view: RecordingView;
  serverKey: string;
  cacheBytes: number;
  answer(asked: ReplayToOwner): Promise<OwnersAnswer>;
}) {
  const fetcher: Fetcher = new Fetcher((asked) => {
    if (!('id' in asked)) return;
    const { id } = asked;
    void options.answer(asked).then(
      (body) => fetcher.answer({ type: 'answer', id, ...body } as never),
      (error: unknown) => fetcher.answer({ type: 'answer', id, problem: toProblem(error) }),
    );
  });
  const began = performance.now();
  const opened = await openRecording({
    recording: options.view,
    local: false,
    serverKey: options.serverKey,
    fetcher,
    progress: () => {},
    cacheBytes: options.cacheBytes,
  });
  const openMs = performance.now() - began;
  const posted: ReplayToScreen[] = [];
  const reader = new Reader(opened.store, (message) => posted.push(message));
  const terminal = new Terminal({ cols: 80, rows: 24, scrollback: 0, allowProposedApi: true });
  const draw = (data: Uint8Array) => new Promise<void>((resolve) => terminal.write(data, resolve));
  let id = 0;
  return {
    ...opened,
    openMs,
    /** Throws when a part of the way had a fault. */
    async jump(toMs: number): Promise<Jump> {
      const from = performance.now();
      const worked = process.cpuUsage();
      id += 1;
      await reader.answer({ type: 'seek', id, toMs });
      for (const message of posted.splice(0)) {
        if (message.type !== 'part') continue;
        if (message.fault !== null) throw new Error(`a part had a fault: ${JSON.stringify(message.fault)}`);
        if (message.start?.init != null) await draw(message.start.init);
        const due = message.events.flatMap((event) => (event.code === 'o' && event.atMs <= toMs ? [event.data] : []));
        await draw(Buffer.concat(due));
      }
      const { user, system } = process.cpuUsage(worked);
      return {
        ms: performance.now() - from,
        workMs: (user + system) / 1000,
        firstLine: terminal.buffer.active.getLine(0)?.translateToString(true),
      };
    },
  };
}

/** Numbers from 0 to 1 that jump about the same in every run. */
export function* jumpingShares(count: number): Generator<number> {
  for (let at = 0; at < count; at += 1) yield (at * 0.618_033_988_75) % 1;
}

/** The segment that a moment is in. */
export function segmentAt(recording: LongRecording, toMs: number): number {
  return Math.min(recording.segments - 1, Math.floor(Math.max(0, toMs - 1) / recording.segmentMs));
}
