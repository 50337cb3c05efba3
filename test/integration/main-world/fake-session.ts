import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { MessagePortMain } from 'electron';
import type { Forked } from '../../../src/main/forked.ts';
import { publicKeyLine } from '../../../src/recording/signatures/keys.ts';
import { openDocument } from '../../../src/recording/signatures/signed.ts';
import { openRecorder } from '../../../src/session/recorder/open-recorder.ts';
import type { Recorder } from '../../../src/session/recorder/recorder.ts';
import type { EndReason } from '../../../src/shared/model/session.ts';
import {
  type OwnerToSession,
  ownerToSessionSchema,
  type SessionToOwner,
} from '../../../src/shared/protocol/session-control.ts';
import { grantPayloadSchema, namespaces, orderPayloadSchema } from '../../../src/shared/protocol/signed.ts';

/** How this session process behaves; the default is well. */
export interface Manners {
  /** Deaf to `kill` and `disconnect`, like a stopped or looping process. */
  deaf?: boolean;
  /** Closes its socket when told, but never gets its record sealed. */
  neverSeals?: boolean;
  /** Says nothing at all. */
  mute?: boolean;
}

/**
 * A session process inside the test: no SSH, but the real recorder, so that what lies in the spool is real. It dies like a process does: after
 * `sigkill` nothing of it runs any more.
 */
export class FakeSession implements Forked<OwnerToSession> {
  readonly pid = 4711;
  readonly got: OwnerToSession[] = [];
  readonly ports: MessagePortMain[] = [];
  private readonly manners: Manners;
  private readonly key: KeyObject = generateKeyPairSync('ed25519').privateKey;
  private messageListener: (message: unknown) => void = () => {};
  private readonly exitListeners: ((code: number) => void)[] = [];
  private recorder: Recorder | null = null;
  private dead = false;

  constructor(manners: Manners) {
    this.manners = manners;
    if (manners.mute !== true) setImmediate(() => this.say({ type: 'ready', sessionKey: publicKeyLine(this.key) }));
  }

  send(message: OwnerToSession, port?: MessagePortMain): void {
    if (this.dead) return;
    this.got.push(ownerToSessionSchema.parse(message));
    if (port !== undefined) this.ports.push(port);
    setImmediate(() => void this.take(message));
  }

  onMessage(listener: (message: unknown) => void): void {
    this.messageListener = listener;
  }

  onExit(listener: (code: number) => void): void {
    this.exitListeners.push(listener);
  }

  sigkill(): void {
    this.exit(9);
  }

  say(message: SessionToOwner | { type: 'nonsense' }): void {
    if (!this.dead) this.messageListener(message);
  }

  exit(code: number): void {
    if (this.dead) return;
    this.dead = true;
    setImmediate(() => {
      for (const listener of this.exitListeners) listener(code);
    });
  }

  /** Output as if the target had sent it; resolves when its head has been told. */
  output(text: string): void {
    this.recorder?.output(Buffer.from(text));
  }

  /** As if a person had typed it. */
  input(text: string): void {
    this.recorder?.input(Buffer.from(text));
  }

  /** Resolves when more may be recorded at once. */
  async drained(): Promise<void> {
    await this.recorder?.drained();
  }

  async end(reason: EndReason): Promise<void> {
    const closed = await this.recorder?.close(reason);
    this.say({ type: 'ended', reason, complete: closed?.complete ?? false });
    this.exit(0);
  }

  private async take(message: OwnerToSession): Promise<void> {
    if (this.dead) return;
    if (message.type === 'start') await this.begin(message);
    if (message.type === 'receipt') this.recorder?.receipt(message.receipt);
    if (message.type === 'kill' && this.manners.deaf !== true) {
      this.say({ type: 'socket-closed', orderId: message.orderId, at: new Date().toISOString(), closedMs: 1 });
      const order = orderPayloadSchema.parse(JSON.parse(message.order.payload));
      if (this.manners.neverSeals !== true) {
        await this.end({
          kind: 'killed',
          orderId: order.orderId,
          by: order.by.name,
          byRole: order.by.role,
          reason: order.reason,
          at: order.requestedAt,
        });
      }
    }
    if (message.type === 'disconnect' && this.manners.deaf !== true) {
      await this.end({ kind: 'disconnected', by: message.by });
    }
  }

  private async begin(start: Extract<OwnerToSession, { type: 'start' }>): Promise<void> {
    const grant = openDocument({
      signed: start.grant,
      publicKey: start.serverKey,
      namespace: namespaces.grant,
      schema: grantPayloadSchema,
    });
    this.say({ type: 'state', state: { state: 'connecting', step: 'reaching' } });
    const recorder = await openRecorder({
      folder: start.folder,
      grant,
      grantSigned: start.grant,
      sessionKey: this.key,
      sessionKeyCertificate: start.sessionKeyCertificate,
      deviceKey: start.deviceKey,
      terminal: start.terminal,
      software: start.software,
    });
    this.recorder = recorder;
    recorder.onHead(({ outputBytes, inputBytes, frames, chain, syncedAt }) =>
      this.say({ type: 'head', outputBytes, inputBytes, frames, chain, syncedAt }),
    );
    recorder.onSealed(({ stream, seq, bytes }) => this.say({ type: 'sealed', stream, seq, bytes }));
    this.say({ type: 'state', state: { state: 'open' } });
  }
}
