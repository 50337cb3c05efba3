import { SallyportError, toProblem } from '../shared/errors/result.ts';
import {
  type OwnerToReplay,
  type ReplayToScreen,
  type ScreenToReplay,
  screenToReplaySchema,
} from '../shared/protocol/replay.ts';
import type { OwnerChannel, OwnerListener, ScreenChannel } from './channels.ts';
import { type CopySource, copyLines, type ExportAsked } from './export/copies.ts';
import { writeCopy } from './export/write-copy.ts';
import { Fetcher } from './fetcher.ts';
import { openRecording } from './open-recording.ts';
import { Reader } from './reader.ts';
import type { SurveyMessage } from './survey.ts';
import { TranscriptReader } from './transcript/transcript-reader.ts';

/** Opens one recording and serves it. Messages to a screen that is not there yet wait for it. */
export class Replay implements OwnerListener {
  private readonly owner: OwnerChannel;
  private readonly fetcher: Fetcher;
  private readonly exit: () => void;
  private channel: ScreenChannel | null = null;
  private readonly early: ReplayToScreen[] = [];
  private reader: Reader | null = null;
  private texts: TranscriptReader | null = null;
  private opening: Promise<{ source: CopySource; surveyed: Promise<SurveyMessage> }> | null = null;

  constructor(options: { owner: OwnerChannel; exit: () => void }) {
    this.owner = options.owner;
    this.exit = options.exit;
    this.fetcher = new Fetcher((message) => this.owner.send(message));
  }

  message(message: OwnerToReplay): void {
    if (message.type === 'answer') this.fetcher.answer(message);
    else if (message.type === 'open' && this.opening === null) this.begin(message);
    else if (message.type === 'export') void this.export(message);
  }

  screen(channel: ScreenChannel): void {
    this.channel = channel;
    for (const message of this.early.splice(0)) channel.post(message);
  }

  fromScreen(raw: unknown): void {
    const parsed = screenToReplaySchema.safeParse(raw);
    if (!parsed.success) {
      this.post({
        type: 'problem',
        problem: toProblem(
          new SallyportError(
            'SP-9002',
            'The replay got a request of an unknown form and did nothing. Open the recording again.',
          ),
        ),
      });
    } else if (parsed.data.type === 'close') {
      this.exit();
    } else {
      this.answer(parsed.data);
    }
  }

  malformed(): void {
    this.failed(
      new SallyportError(
        'SP-9002',
        'The replay got a message of an unknown form, so it stopped. Open the recording again.',
      ),
    );
  }

  /** Also for what nobody foresaw: the screen hears of it, whatever happened. */
  failed(error: unknown): void {
    const problem = toProblem(error);
    this.post({ type: 'problem', problem });
    this.owner.send({ type: 'failed', problem });
  }

  private post(message: ReplayToScreen): void {
    if (this.channel === null) this.early.push(message);
    else this.channel.post(message);
  }

  /** Before anything is open there is nothing to ask for. */
  private answer(asked: Exclude<ScreenToReplay, { type: 'close' }>): void {
    const { reader, texts } = this;
    if (reader === null || texts === null) return;
    if (asked.type === 'lines') void texts.lines(asked);
    else if (asked.type === 'find') void texts.find(asked);
    else void reader.answer(asked);
  }

  private begin(message: Extract<OwnerToReplay, { type: 'open' }>): void {
    this.opening = this.open(message);
    this.opening.then(({ surveyed }) => surveyed).catch((error: unknown) => this.failed(error));
  }

  private async open({ recording, serverKey, local }: Extract<OwnerToReplay, { type: 'open' }>) {
    const { store, opened, survey, transcript, copies } = await openRecording({
      recording,
      local,
      serverKey,
      fetcher: this.fetcher,
      progress: (progress) => this.post({ type: 'progress', ...progress }),
    });
    this.reader = new Reader(store, (events) => this.post(events));
    this.texts = new TranscriptReader(transcript, (found) => this.post(found));
    this.post(opened);
    return { source: copies, surveyed: survey.run((found) => this.post(found)) };
  }

  /** Writes a copy when all of it was read, so that the copy can say what it is worth. */
  private async export(asked: ExportAsked): Promise<void> {
    const say = throttled((done: number, total: number) => this.post({ type: 'exporting', done, total }));
    try {
      if (this.opening === null)
        throw new SallyportError('SP-3040', 'The copy was not written: no recording is open. Open it and try again.');
      say(0, 1);
      const { source, surveyed } = await this.opening;
      const found = await surveyed;
      const lines = copyLines(source, { asked, found, now: new Date(), onProgress: say });
      const bytes = await writeCopy(asked, lines);
      this.post({ type: 'exporting', done: 1, total: 1 });
      this.owner.send({ type: 'exported', id: asked.id, bytes, problem: null });
    } catch (error) {
      this.owner.send({ type: 'exported', id: asked.id, bytes: 0, problem: toProblem(error) });
    }
  }
}

/** Says progress now and then. */
function throttled(say: (done: number, total: number) => void): (done: number, total: number) => void {
  let saidAt = -Infinity;
  return (done, total) => {
    if (performance.now() - saidAt < 200) return;
    saidAt = performance.now();
    say(done, total);
  };
}
