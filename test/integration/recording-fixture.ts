import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeAgeIdentity } from '../../src/recording/codecs/age.ts';
import { publicKeyLine } from '../../src/recording/signatures/keys.ts';
import { signDocument } from '../../src/recording/signatures/signed.ts';
import { signSsh } from '../../src/recording/signatures/sshsig.ts';
import { openRecorder } from '../../src/session/recorder/open-recorder.ts';
import type { Recorder, RecorderOptions } from '../../src/session/recorder/recorder.ts';
import { type GrantPayload, namespaces, type Signed, sessionKeyStatement } from '../../src/shared/protocol/signed.ts';

/** Everything around one recording: keys of server, device and session, a grant, and the identities that may read it. */
export interface RecordingWorld {
  folder: string;
  serverKey: KeyObject;
  grant: GrantPayload;
  grantSigned: Signed;
  identities: { output: string; input: string; breakGlass: string };
  options: RecorderOptions;
  /** What a verifier needs beside the files. */
  keys: { serverKey: string; deviceId: string; deviceKey: string; sessionKey: string; sessionKeyCertificate: string };
}

export async function makeRecordingWorld(): Promise<RecordingWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'recording-'));
  const serverKey = generateKeyPairSync('ed25519').privateKey;
  const device = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const sessionKey = generateKeyPairSync('ed25519').privateKey;
  const [output, input, breakGlass] = await Promise.all([makeAgeIdentity(), makeAgeIdentity(), makeAgeIdentity()]);
  const deviceId = 'device-1';
  const statement = sessionKeyStatement({ deviceId, sessionKey: publicKeyLine(sessionKey) });
  const sessionKeyCertificate = signSsh({ privateKey: device, namespace: namespaces.sessionKey, message: statement });
  const grant: GrantPayload = {
    version: 1,
    sessionId: randomUUID(),
    serverNonce: 'bm9uY2U',
    issuedAt: new Date().toISOString(),
    organisation: 'Example',
    user: { id: 'mira', name: 'Mira Okafor' },
    device: { id: deviceId, name: 'laptop' },
    target: { id: 'target-1', name: 'web-1', host: '127.0.0.1', port: 22, production: true },
    login: 'deploy',
    reason: 'disk full',
    ticket: null,
    route: 'relay',
    hostKeys: [publicKeyLine(generateKeyPairSync('ed25519').privateKey)],
    recipients: {
      output: [output.recipient, breakGlass.recipient],
      input: [input.recipient, breakGlass.recipient],
      text: [output.recipient, breakGlass.recipient],
    },
    credential: { kind: 'certificate', algorithm: 'ssh-ed25519-cert-v01@openssh.com', certificate: 'AAAA' },
    sessionKey: publicKeyLine(sessionKey),
    limits: { maxSeconds: 3600, idleSeconds: null },
    recordMode: 'strict',
    evidence: { anchors: false, wire: false },
    command: null,
  };
  const grantSigned = signDocument({ privateKey: serverKey, namespace: namespaces.grant, value: grant });
  await writeFile(join(folder, 'grant.json'), JSON.stringify(grantSigned));
  const deviceKey = publicKeyLine(device);
  return {
    folder,
    serverKey,
    grant,
    grantSigned,
    identities: { output: output.identity, input: input.identity, breakGlass: breakGlass.identity },
    options: {
      folder,
      grant,
      grantSigned,
      sessionKey,
      sessionKeyCertificate,
      deviceKey,
      terminal: { cols: 80, rows: 24, term: 'xterm-256color' },
      software: 'sallyport test',
    },
    keys: {
      serverKey: publicKeyLine(serverKey),
      deviceId,
      deviceKey,
      sessionKey: publicKeyLine(sessionKey),
      sessionKeyCertificate,
    },
  };
}

export function startRecorder(world: RecordingWorld): Promise<Recorder> {
  return openRecorder(world.options);
}

export const cleanExit = { kind: 'exit', status: 0, signal: null } as const;
