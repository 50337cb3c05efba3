import { createHash } from 'node:crypto';
import {
  type GrantPayload,
  grantPayloadSchema,
  namespaces,
  type Signed,
  sessionKeyStatement,
} from '../../shared/protocol/signed.ts';
import type { Manifest, ManifestHeader } from '../../shared/record/manifest.ts';
import { blobOfLine, fingerprint } from '../signatures/keys.ts';
import { openDocument } from '../signatures/signed.ts';
import { verifySsh } from '../signatures/sshsig.ts';
import type { CheckList } from './checks.ts';

/** The documents that stand beside a manifest, and the keys they are checked with. */
export interface RecordingDocuments {
  manifest: string;
  signature: string;
  receipts: Signed[];
  grant: Signed;
  /** OpenSSH lines. `serverKey` is the one that the asker pinned; all trust comes from it. */
  sessionKey: string;
  sessionKeyCertificate: string;
  deviceId: string;
  deviceKey: string;
  serverKey: string;
}

export function checkSignatures(documents: RecordingDocuments, list: CheckList): void {
  const { manifest, signature, sessionKey, sessionKeyCertificate, deviceId, deviceKey } = documents;
  if (verifySsh({ publicKey: sessionKey, namespace: namespaces.recording, message: manifest, signature })) {
    list.good('manifest signature', 'the session signed exactly this manifest');
  } else {
    list.bad('manifest signature', 'manifest', "is not what the session's key signed");
  }
  const statement = sessionKeyStatement({ deviceId, sessionKey });
  if (
    verifySsh({
      publicKey: deviceKey,
      namespace: namespaces.sessionKey,
      message: statement,
      signature: sessionKeyCertificate,
    })
  ) {
    list.good('session key', 'certified by the device key beside it, which the grant does not name');
  } else {
    list.bad('session key', 'session key certificate', "is not the device key's for this session key");
  }
}

/** What the manifest says differently from the grant, as the header's key; null when they agree. */
function differsFromGrant(header: ManifestHeader, grant: GrantPayload, digest: string): string | null {
  const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
  const facts: [keyof ManifestHeader, unknown, unknown][] = [
    ['session', header.session, grant.sessionId],
    ['server-nonce', header['server-nonce'], grant.serverNonce],
    ['session-key', header['session-key'], grant.sessionKey],
    ['grant', header.grant, digest],
    ['user', header.user, { id: grant.user.id, name: grant.user.name }],
    ['device', header.device, { id: grant.device.id, name: grant.device.name }],
    [
      'target',
      header.target,
      { id: grant.target.id, name: grant.target.name, host: grant.target.host, port: grant.target.port },
    ],
    ['login', header.login, grant.login],
    ['command', header.command, grant.command],
    ['route', header.route, grant.route],
    ['reason', header.reason, grant.reason],
    ['ticket', header.ticket, grant.ticket],
    ['host-keys', header['host-keys'], grant.hostKeys.map((line) => fingerprint(blobOfLine(line)))],
    ['evidence', header.evidence, { anchors: grant.evidence.anchors, wire: grant.evidence.wire }],
    ['mode', header.mode, grant.recordMode],
    [
      'recipients',
      header.recipients,
      { output: grant.recipients.output, input: grant.recipients.input, text: grant.recipients.text },
    ],
  ];
  return facts.find(([, ours, granted]) => !same(ours, granted))?.[0] ?? null;
}

/** Checks the grant and returns it; null when it is not the server's. */
export function checkGrant(documents: RecordingDocuments, manifest: Manifest, list: CheckList): GrantPayload | null {
  const { grant: signed, serverKey } = documents;
  let grant: GrantPayload;
  try {
    grant = openDocument({ signed, publicKey: serverKey, namespace: namespaces.grant, schema: grantPayloadSchema });
  } catch {
    list.bad('grant', 'grant', "is not signed by the control server's key");
    return null;
  }
  const { header } = manifest;
  const differs = differsFromGrant(header, grant, createHash('sha256').update(signed.payload).digest('hex'));
  if (differs !== null) list.bad('grant', 'manifest header', `its "${differs}" is not what was granted`);
  else if (documents.sessionKey !== header['session-key'])
    list.bad('grant', 'session key', 'is not the one the manifest and the grant name');
  else if (documents.deviceId !== header.device.id || documents.deviceKey !== header['device-key'])
    list.bad('grant', 'device key', 'is not the one the manifest names');
  else list.good('grant', `${grant.user.name} on ${grant.target.name} as ${grant.login}, granted ${grant.issuedAt}`);
  return grant;
}
