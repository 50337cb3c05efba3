import { createHash } from 'node:crypto';
import {
  type GrantPayload,
  grantPayloadSchema,
  namespaces,
  type ReceiptPayload,
  receiptPayloadSchema,
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
    list.good('session key', 'certified by the device it ran on');
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
    ['route', header.route, grant.route],
    ['reason', header.reason, grant.reason],
    ['ticket', header.ticket, grant.ticket],
    ['host-keys', header['host-keys'], grant.hostKeys.map((line) => fingerprint(blobOfLine(line)))],
    ['recipients', header.recipients, { output: grant.recipients.output, input: grant.recipients.input }],
  ];
  return facts.find(([, ours, granted]) => !same(ours, granted))?.[0] ?? null;
}

export function checkGrant(documents: RecordingDocuments, manifest: Manifest, list: CheckList): void {
  const { grant: signed, serverKey } = documents;
  let grant: GrantPayload;
  try {
    grant = openDocument({ signed, publicKey: serverKey, namespace: namespaces.grant, schema: grantPayloadSchema });
  } catch {
    list.bad('grant', 'grant', "is not signed by the control server's key");
    return;
  }
  const { header } = manifest;
  const differs = differsFromGrant(header, grant, createHash('sha256').update(signed.payload).digest('hex'));
  if (differs !== null) list.bad('grant', 'manifest header', `its "${differs}" is not what was granted`);
  else if (documents.sessionKey !== header['session-key'])
    list.bad('grant', 'session key', 'is not the one the manifest and the grant name');
  else if (documents.deviceId !== header.device.id || documents.deviceKey !== header['device-key'])
    list.bad('grant', 'device key', 'is not the one the manifest names');
  else list.good('grant', `${grant.user.name} on ${grant.target.name} as ${grant.login}, granted ${grant.issuedAt}`);
}

/** What is wrong with one receipt, or how many lines it covers. */
function readReceipt(documents: RecordingDocuments, manifest: Manifest, signed: Signed): string | number {
  let receipt: ReceiptPayload;
  try {
    const { serverKey: publicKey } = documents;
    receipt = openDocument({ signed, publicKey, namespace: namespaces.receipt, schema: receiptPayloadSchema });
  } catch {
    return "is not signed by the control server's key";
  }
  if (receipt.sessionId !== manifest.header.session) return 'is for another session';
  const { lines } = receipt;
  const head = manifest.heads[lines];
  if (head === undefined)
    return `covers ${lines} lines, the manifest has ${manifest.lines}: lines were removed after the server had them`;
  if (head !== receipt.head) return `the first ${lines} lines are not those the server received`;
  const isWhole = manifest.end !== null && lines === manifest.lines;
  return receipt.ended && !isWhole ? 'says that the recording ended; the manifest goes on or has no end' : lines;
}

export function checkReceipts(documents: RecordingDocuments, manifest: Manifest, list: CheckList): void {
  let covered = 0;
  let faults = 0;
  for (const [index, signed] of documents.receipts.entries()) {
    const found = readReceipt(documents, manifest, signed);
    if (typeof found === 'number') {
      covered = Math.max(covered, found);
    } else {
      faults += 1;
      list.bad('receipts', `receipt ${index + 1}`, found);
    }
  }
  if (faults > 0) return;
  const detail =
    covered === 0
      ? 'none yet: nothing but the session vouches for it'
      : `the server received ${covered} of ${manifest.lines} lines in this form`;
  list.good('receipts', detail);
}
