import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import path from 'node:path';
import { makeProof } from '../../../src/lab/owner/device.ts';
import { uploadRecording } from '../../../src/lab/owner/upload.ts';
import { publicKeyLine } from '../../../src/recording/signatures/keys.ts';
import { signSsh } from '../../../src/recording/signatures/sshsig.ts';
import { envelopeChannel } from '../../../src/session/port/channels.ts';
import { openRecorder } from '../../../src/session/recorder/open-recorder.ts';
import type { Recorder, RecorderOptions } from '../../../src/session/recorder/recorder.ts';
import { makeSession } from '../../../src/session/session.ts';
import type { EndReason } from '../../../src/shared/model/session.ts';
import { type SessionToOwner, sessionToOwnerSchema } from '../../../src/shared/protocol/session-control.ts';
import { sessionToScreenSchema } from '../../../src/shared/protocol/session-port.ts';
import { grantPayloadSchema, sessionKeyStatement } from '../../../src/shared/protocol/signed.ts';
import type { Device, World } from '../live-world/world.ts';

/** A real session in this process, through the real relay of a real server: with a recorder that may be another than ours. */
export interface RelayedSession {
  id: string;
  folder: string;
  /** Whoever has it can sign another manifest. */
  key: KeyObject;
  type(text: string): void;
  resize(cols: number, rows: number): void;
  /** Resolves when the screen has shown it. */
  sees(pattern: RegExp): Promise<void>;
  disconnect(): void;
  /** Resolves when the record has its end. */
  ended: Promise<EndReason>;
  /** Sends the recording and removes it here. */
  upload(): Promise<void>;
}

export async function openRelayed(options: {
  world: World;
  device: Device;
  target: string;
  login: string;
  /** What a patched launcher does to what it records. */
  patch?: (recorder: Recorder) => Recorder;
}): Promise<RelayedSession> {
  const { world, device } = options;
  const { client } = device;
  const key = generateKeyPairSync('ed25519').privateKey;
  const sessionKey = publicKeyLine(key);
  const sessionKeyCertificate = signSsh({
    privateKey: client.key.privateKey,
    namespace: 'session-key@sallyport',
    message: sessionKeyStatement({ deviceId: device.deviceId, sessionKey }),
  });
  const target = await world.target(device, options.target);
  const { grant, lease } = await client.call('openSession', {
    body: { targetId: target.id, login: options.login, reason: null, ticket: null, sessionKey, sessionKeyCertificate },
  });
  const { sessionId: id } = grantPayloadSchema.parse(JSON.parse(grant.payload));
  const folder = mkdtempSync(path.join(world.folder, 'spool-'));
  const ended = Promise.withResolvers<EndReason>();
  let text = '';
  let look = () => {};
  let over: EndReason | null = null;

  const session = makeSession({
    link: { send: (message) => void setImmediate(() => hear(message)), flushed: async () => undefined },
    sessionKey: key,
    openRecorder: async (recorderOptions: RecorderOptions) => {
      const recorder = await openRecorder(recorderOptions);
      return options.patch?.(recorder) ?? recorder;
    },
    now: () => ({ monotonicMs: performance.now(), wallMs: Date.now() }),
    exit: () => undefined,
  });
  const { channel, deliver } = envelopeChannel((message) => void setImmediate(() => hear(message)));
  session.screen(channel);

  function hear(raw: unknown): void {
    const message = sessionToOwnerSchema.parse(structuredClone(raw));
    if (message.type === 'screen') show(message.message);
    else if (message.type === 'login-signature') void sign(message);
    else if (message.type === 'ended') {
      over = message.reason;
      ended.resolve(message.reason);
      look();
    }
  }

  function show(raw: unknown): void {
    const message = sessionToScreenSchema.parse(raw);
    if (message.type !== 'output') return;
    text += Buffer.from(message.data).toString('latin1');
    deliver({ type: 'drawn', end: message.end });
    look();
  }

  async function sign(message: Extract<SessionToOwner, { type: 'login-signature' }>): Promise<void> {
    const { type: _type, id: question, ...body } = message;
    const { signature } = await client.call('loginSignature', { params: { sessionId: id }, body });
    session.message({ type: 'login-signature-answer', id: question, signature, problem: null });
  }

  const url = `${client.address}/v1/relay/${id}`;
  session.message({
    type: 'start',
    folder,
    grant,
    lease,
    serverKey: device.serverKey,
    sessionKeyCertificate,
    deviceKey: client.key.line,
    relay: {
      url: url.replace(/^https/, 'wss'),
      proof: await makeProof(client.key, 'GET', url),
      trustRoot: client.trustRoot,
    },
    terminal: { cols: 80, rows: 24, term: 'xterm-256color' },
    software: 'sallyport test',
  });

  return {
    id,
    folder,
    key,
    type: (line) => deliver({ type: 'input', data: Buffer.from(line) }),
    resize: (cols, rows) => deliver({ type: 'resize', cols, rows }),
    sees: (pattern) =>
      new Promise((resolve, reject) => {
        const before = look;
        look = () => {
          before();
          if (pattern.test(text)) resolve();
          else if (over !== null) reject(new Error(`ended (${JSON.stringify(over)}) without ${pattern}: ${text}`));
        };
        look();
      }),
    disconnect: () => session.message({ type: 'disconnect', by: 'person' }),
    ended: ended.promise,
    upload: () => uploadRecording(client, id, folder),
  };
}
