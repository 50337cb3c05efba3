import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeProof } from '../../../src/lab/owner/device.ts';
import { ageOpen, makeAgeIdentity } from '../../../src/recording/codecs/age.ts';
import { parseManifest } from '../../../src/recording/manifest/parse-manifest.ts';
import { openDocument } from '../../../src/recording/signatures/signed.ts';
import { signSsh } from '../../../src/recording/signatures/sshsig.ts';
import type { KeyedStream } from '../../../src/shared/model/recording.ts';
import type { EndReason } from '../../../src/shared/model/session.ts';
import type { SessionToOwner } from '../../../src/shared/protocol/session-control.ts';
import { sessionToOwnerSchema } from '../../../src/shared/protocol/session-control.ts';
import { sessionToScreenSchema } from '../../../src/shared/protocol/session-port.ts';
import {
  namespaces,
  receiptPayloadSchema,
  type Signed,
  sessionKeyStatement,
} from '../../../src/shared/protocol/signed.ts';
import { partFile } from '../../../src/shared/record/parts.ts';
import { wireDirections, wireFile } from '../../../src/shared/record/wire.ts';
import { forkSession, type SessionHost } from '../../harness/session/session-host.ts';
import { type Sshd, startSshd } from '../../harness/session/sshd.ts';
import { raw } from './records.ts';
import { type Device, startWorld, type World } from './world.ts';

/** A session of the built session process through a real control server and its relay, with the test as owner and screen. */
export interface ControlledSession {
  sessionId: string;
  folder: string;
  child: SessionHost;
  type(text: string): void;
  resize(cols: number, rows: number): void;
  disconnect(): void;
  /** Resolves when the screen's text matches. */
  sees(pattern: RegExp): Promise<void>;
  /** Resolves with the first message, past or to come, that `where` takes. */
  says<T extends SessionToOwner['type']>(
    type: T,
    where?: (message: Extract<SessionToOwner, { type: T }>) => boolean,
  ): Promise<Extract<SessionToOwner, { type: T }>>;
  /** Sends parts and manifest as they are now; the receipt goes to the session, which makes it a line. */
  store(): Promise<Signed>;
  ended(): Promise<{ reason: EndReason; complete: boolean }>;
}

export interface ControlledOptions {
  world: World;
  device: Device;
  target: string;
  login: string;
  command?: string;
  reason?: string;
  /** Runs the session; the built process unless given. */
  child?: SessionHost;
}

export async function startControlledSession(options: ControlledOptions): Promise<ControlledSession> {
  const { world, device } = options;
  const { client } = device;
  const child = options.child ?? forkSession();
  const said: SessionToOwner[] = [];
  const checks = new Set<() => void>();
  let text = '';
  const post = (message: unknown) => child.send(message);
  child.onMessage((message) => {
    const parsed = sessionToOwnerSchema.parse(message);
    said.push(parsed);
    if (parsed.type === 'screen') {
      const inner = sessionToScreenSchema.parse(parsed.message);
      if (inner.type === 'output') {
        text += Buffer.from(inner.data).toString('latin1');
        post({ type: 'screen', message: { type: 'drawn', end: inner.end } });
      }
    }
    if (parsed.type === 'login-signature') void sign(parsed);
    for (const check of [...checks]) check();
  });
  function waitFor<T>(look: () => T | undefined, what: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const check = () => {
        const found = look();
        if (found === undefined) return;
        checks.delete(check);
        resolve(found);
      };
      checks.add(check);
      void child.exited.then(() => reject(new Error(`no ${what}: ${JSON.stringify(said.at(-1))} ${text.slice(-300)}`)));
      check();
    });
  }
  const says: ControlledSession['says'] = (type, where = () => true) =>
    waitFor(() => {
      const ofType = said.filter((each): each is Extract<SessionToOwner, { type: typeof type }> => each.type === type);
      return ofType.find(where);
    }, type);

  const { sessionKey } = await says('ready');
  const sessionKeyCertificate = signSsh({
    privateKey: client.key.privateKey,
    namespace: namespaces.sessionKey,
    message: sessionKeyStatement({ deviceId: device.deviceId, sessionKey }),
  });
  const { grant, lease } = await client.call('openSession', {
    body: {
      targetId: (await world.target(device, options.target)).id,
      login: options.login,
      reason: options.reason ?? null,
      ticket: null,
      command: options.command ?? null,
      sessionKey,
      sessionKeyCertificate,
    },
  });
  const { sessionId } = JSON.parse(grant.payload) as { sessionId: string };
  async function sign({
    id,
    type: _type,
    ...body
  }: Extract<SessionToOwner, { type: 'login-signature' }>): Promise<void> {
    const { signature } = await client.call('loginSignature', { params: { sessionId }, body });
    post({ type: 'login-signature-answer', id, signature, problem: null });
  }
  const folder = mkdtempSync(path.join(world.folder, 'spool-'));
  writeFileSync(path.join(folder, 'grant.json'), JSON.stringify(grant));
  const url = `${client.address}/v1/relay/${sessionId}`;
  post({
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

  const receipts: Signed[] = [];
  return {
    sessionId,
    folder,
    child,
    type: (line) => post({ type: 'screen', message: { type: 'input', data: Buffer.from(line) } }),
    resize: (cols, rows) => post({ type: 'screen', message: { type: 'resize', cols, rows } }),
    disconnect: () => post({ type: 'disconnect', by: 'person' }),
    sees: (pattern) => waitFor(() => (pattern.test(text) ? true : undefined), String(pattern)).then(() => undefined),
    says,
    async store() {
      const receipt = await putAll(device, sessionId, folder);
      receipts.push(receipt);
      writeFileSync(path.join(folder, 'receipts.json'), JSON.stringify(receipts));
      post({ type: 'receipt', receipt });
      return receipt;
    },
    async ended() {
      const { reason, complete } = await says('ended');
      await child.exited;
      return { reason, complete };
    },
  };
}

/** Sends all parts that the manifest lists, then the manifest. Answers the receipt. */
async function putAll({ client }: Device, sessionId: string, folder: string): Promise<Signed> {
  const read = (name: string) => readFileSync(path.join(folder, name));
  const [manifest, signature] = [read('manifest').toString('utf8'), read('manifest.sig').toString('utf8')];
  const { segments, anchors } = parseManifest(manifest);
  const parts = [...segments, ...anchors.map(({ seq }) => ({ stream: 'anchor' as const, seq }))];
  for (const { stream, seq } of parts)
    await client.call('putSegment', { params: { sessionId, stream, seq }, binary: read(partFile(stream, seq)) });
  return (await client.call('putManifest', { params: { sessionId }, body: { manifest, signature } })).receipt;
}

/** Makes the folder of an ended session what an export is: keys, and the wire as the server has it. Answers whether there is one. */
export async function completeFolder(device: Device, session: ControlledSession): Promise<{ wire: boolean }> {
  const { folder, sessionId } = session;
  const { header } = parseManifest(readFileSync(path.join(folder, 'manifest'), 'utf8'));
  const keys = {
    serverKey: device.serverKey,
    deviceId: device.deviceId,
    deviceKey: header['device-key'],
    sessionKey: header['session-key'],
    sessionKeyCertificate: header['session-key-certificate'],
  };
  writeFileSync(path.join(folder, 'keys.json'), JSON.stringify(keys));
  for (const direction of wireDirections) {
    const answer = await raw(device, 'GET', `/v1/recordings/${sessionId}/wire/${direction}`);
    if (answer.status === 200) writeFileSync(path.join(folder, wireFile(direction)), answer.body);
  }
  return { wire: wireDirections.every((direction) => existsSync(path.join(folder, wireFile(direction)))) };
}

export function readReceipt(device: Device, receipt: Signed) {
  return openDocument({
    signed: receipt,
    publicKey: device.serverKey,
    namespace: namespaces.receipt,
    schema: receiptPayloadSchema,
  });
}

/** The identities of a stored recording's streams, unlocked by someone who may. */
export async function unlockAll(reviewer: Device, sessionId: string): Promise<Record<KeyedStream, string>> {
  const { identity, recipient } = await makeAgeIdentity();
  const unlock = async (stream: KeyedStream) => {
    const body = { stream, purpose: 'a test', recipient };
    const { sealedIdentity } = await reviewer.client.call('unlock', { params: { sessionId }, body });
    return Buffer.from(await ageOpen(Buffer.from(sealedIdentity, 'base64'), identity))
      .toString('utf8')
      .trim();
  };
  return { output: await unlock('output'), input: await unlock('input'), text: await unlock('text') };
}

/** A control server, a real sshd that it certifies logins to as target web-01, an operator's device and a reviewer's. */
export interface WholeWorld {
  world: World;
  sshd: Sshd;
  device: Device;
  reviewer: Device;
  session(options?: Partial<ControlledOptions>): Promise<ControlledSession>;
  stop(): Promise<void>;
}

/** `sshdLines`: more lines of its configuration. */
export async function startWholeWorld(sshdLines: string[] = []): Promise<WholeWorld> {
  const world = await startWorld();
  const authority = path.join(world.server.context.dataFolder, 'ssh-authority.pub');
  const sshd = await startSshd([`TrustedUserCAKeys ${authority}`, ...sshdLines]);
  const logins = [{ name: sshd.login }];
  const web = { name: 'web-01', host: '127.0.0.1', port: sshd.port, logins, hostKeys: [sshd.hostKey] };
  await world.apply([web], [`127.0.0.1:${sshd.port}`]);
  const [device, reviewer] = [await world.enrol('jonas'), await world.enrol('mira')];
  return {
    world,
    sshd,
    device,
    reviewer,
    session: (options = {}) =>
      startControlledSession({ world, device, target: 'web-01', login: sshd.login, ...options }),
    async stop() {
      await sshd.stop();
      await world.close();
    },
  };
}
