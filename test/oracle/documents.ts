import { createHash } from 'node:crypto';
import { must, sha256 } from './bytes.ts';
import type { Files } from './folder.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { blobOf, mustBeSigned } from './signatures.ts';

interface Signed {
  payload: string;
  signature: string;
}

export interface Grant extends Record<string, unknown> {
  sessionId: string;
  hostKeys: string[];
  target: { id: string; name: string; host: string; port: number };
}

interface WirePart {
  bytes: number;
  sha256: string;
}

export interface Receipt {
  sessionId: string;
  lines: number;
  head: string;
  ended: boolean;
  wire: { toTarget: WirePart; fromTarget: WirePart; closed: boolean } | null;
}

export interface Documents {
  manifest: Manifest;
  grant: Grant;
  receipts: Receipt[];
}

/** The manifest or the next one, whichever the signature signs. */
function signedManifest(files: Files): Manifest {
  let wrong: unknown;
  for (const name of ['manifest', 'manifest.next'].filter(files.has)) {
    const text = files.text(name);
    try {
      const manifest = readManifest(text);
      mustBeSigned(text, files.text('manifest.sig'), String(manifest.header['session-key']), 'recording@sallyport');
      return manifest;
    } catch (error) {
      wrong ??= error;
    }
  }
  throw wrong;
}

function readGrant({ header }: Manifest, signed: Signed, serverKey: string): Grant {
  mustBeSigned(signed.payload, signed.signature, serverKey, 'grant@sallyport');
  must(sha256(signed.payload) === header.grant, 'the manifest is of another grant');
  const grant: Grant = JSON.parse(signed.payload);
  const { id, name, host, port } = grant.target;
  const prints = grant.hostKeys.map(
    (line) => `SHA256:${createHash('sha256').update(blobOf(line)).digest('base64').replaceAll('=', '')}`,
  );
  const pairs: [string, unknown][] = [
    ['session', grant.sessionId],
    ['server-nonce', grant.serverNonce],
    ['session-key', grant.sessionKey],
    ['target', { id, name, host, port }],
    ['host-keys', prints],
    ['mode', grant.recordMode],
    ...'user device login command route reason ticket evidence recipients'
      .split(' ')
      .map((key): [string, unknown] => [key, grant[key]]),
  ];
  for (const [key, granted] of pairs)
    must(JSON.stringify(header[key]) === JSON.stringify(granted), `the manifest's ${key} is not what was granted`);
  return grant;
}

function readReceipts(files: Files, { heads, end, receipts: lines, header }: Manifest, serverKey: string): Receipt[] {
  const name = ['receipts.json', 'receipt.json'].find(files.has);
  const parsed: Signed | Signed[] = name === undefined ? [] : JSON.parse(files.text(name));
  const list = Array.isArray(parsed) ? parsed : [parsed];
  const receipts = list.map(({ payload, signature }) => {
    mustBeSigned(payload, signature, serverKey, 'receipt@sallyport');
    const receipt: Receipt = JSON.parse(payload);
    must(receipt.sessionId === header.session && heads[receipt.lines] === receipt.head, 'a receipt for other lines');
    const isWhole = end !== null && receipt.lines === heads.length - 1;
    must(!receipt.ended || isWhole, 'a receipt for an end that is not there');
    return receipt;
  });
  for (const line of lines) {
    const at = list.findIndex(({ payload }) => sha256(payload) === line.sha256);
    // A folder may hold the last receipt alone.
    if (Array.isArray(parsed)) must(receipts[at]?.lines === line.lines, 'a receipt line without its receipt');
  }
  return receipts;
}

/** Reads manifest, grant and receipts: all that is signed by session, device and server. */
export function readDocuments(files: Files, serverKey: string): Documents {
  const manifest = signedManifest(files);
  const { header } = manifest;
  const device = header.device as { id: string };
  const statement = `sallyport session key, version 1\ndevice ${device.id}\nkey ${header['session-key']}\n`;
  const certificate = String(header['session-key-certificate']);
  mustBeSigned(statement, certificate, String(header['device-key']), 'session-key@sallyport');
  const grant = readGrant(manifest, JSON.parse(files.text('grant.json')), serverKey);
  return { manifest, grant, receipts: readReceipts(files, manifest, serverKey) };
}
