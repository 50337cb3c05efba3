import type { Forked } from '../../src/main/forked.ts';
import type { OwnerListener } from '../../src/replay/channels.ts';
import { Replay } from '../../src/replay/replay.ts';
import {
  type OwnerToReplay,
  ownerToReplaySchema,
  type ReplayToOwner,
  type ReplayToScreen,
  replayToScreenSchema,
  type ScreenToReplay,
} from '../../src/shared/protocol/replay.ts';

type Survey = Extract<ReplayToScreen, { type: 'survey' }>;
type PartMessage = Extract<ReplayToScreen, { type: 'part' }>;

/** A replay process inside of a test: everything of it but the process. What passes is copied, as between processes. */
export class ReplayInProcess implements Forked<OwnerToReplay> {
  readonly pid = 4712;
  /** What main was asked for, in order. */
  readonly asked: ReplayToOwner[] = [];
  readonly screen: ReplayToScreen[] = [];
  opened: Extract<OwnerToReplay, { type: 'open' }> | null = null;
  private readonly replay: OwnerListener;
  private listener: (message: unknown) => void = () => {};
  private exitListener: (code: number) => void = () => {};
  private readonly waiting: (() => void)[] = [];
  private isGone = false;
  private nextId = 1;

  constructor() {
    const replay = new Replay({
      owner: {
        send: (message) => {
          if (this.isGone) return;
          this.asked.push(message);
          this.listener(structuredClone(message));
        },
        listen: () => {},
      },
      exit: () => this.sigkill(),
    });
    replay.screen({
      post: (message) => {
        this.screen.push(replayToScreenSchema.parse(structuredClone(message)));
        for (const wake of this.waiting.splice(0)) wake();
      },
    });
    this.replay = replay;
  }

  send(message: OwnerToReplay): void {
    const parsed = ownerToReplaySchema.parse(structuredClone(message));
    if (parsed.type === 'open') this.opened = parsed;
    if (parsed.type !== 'port') setImmediate(() => this.replay.message(parsed));
  }

  onMessage(listener: (message: unknown) => void): void {
    this.listener = listener;
  }

  onExit(listener: (code: number) => void): void {
    this.exitListener = listener;
  }

  sigkill(): void {
    if (this.isGone) return;
    this.isGone = true;
    setImmediate(() => this.exitListener(9));
  }

  async next<T extends ReplayToScreen>(wanted: (message: ReplayToScreen) => message is T): Promise<T> {
    for (;;) {
      const found = this.screen.find(wanted);
      if (found !== undefined) return found;
      const problem = this.screen.find((message) => message.type === 'problem');
      if (problem !== undefined) throw new Error(JSON.stringify(problem));
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  surveyed(): Promise<Survey> {
    return this.next((message): message is Survey => message.type === 'survey' && message.finished);
  }

  /** All output, as it was shown. */
  async output(): Promise<string> {
    type Opened = Extract<ReplayToScreen, { type: 'opened' }>;
    const { parts } = await this.next((message): message is Opened => message.type === 'opened');
    let text = '';
    for (const part of parts.keys()) {
      const id = this.ask((next) => ({ type: 'read', id: next, part }));
      await this.next((one): one is PartMessage => one.type === 'part' && one.id === id && one.done);
      for (const one of this.screen)
        if (one.type === 'part' && one.id === id)
          for (const event of one.events) if (event.code === 'o') text += Buffer.from(event.data).toString();
    }
    return text;
  }

  /** Asks as the screen does; returns the id. */
  ask(message: (id: number) => ScreenToReplay): number {
    const id = this.nextId;
    this.nextId += 1;
    this.replay.fromScreen(message(id));
    return id;
  }
}
