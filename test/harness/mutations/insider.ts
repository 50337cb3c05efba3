import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import {
  checkAnchorSecret,
  exchangeKeys,
  openAnchorSecret,
  parseAnchor,
} from '../../../src/recording/evidence/anchor.ts';
import { ManifestWriter } from '../../../src/recording/manifest/manifest-writer.ts';
import { parseManifest } from '../../../src/recording/manifest/parse-manifest.ts';
import { openSegment, sealSegment } from '../../../src/recording/segments/seal.ts';
import { signSsh } from '../../../src/recording/signatures/sshsig.ts';
import type { KeyedStream } from '../../../src/shared/model/recording.ts';
import { namespaces } from '../../../src/shared/protocol/signed.ts';
import {
  parseAnchorLine,
  parseEndLine,
  parseReceiptLine,
  parseSegmentLine,
} from '../../../src/shared/record/manifest-lines.ts';
import { segmentFile } from '../../../src/shared/record/segments.ts';
import { packetsOf } from './pieces.ts';
import type { Files, RealRecording } from './real-recording.ts';

/** What an insider does who has the store, every secret of the recording and the session's signing key, and leaves no trace that can be avoided. */
export interface Rewrite {
  /** What is done to the text of these segments; something must. */
  change: (text: string) => string;
  segments: { stream: KeyedStream; seq: number }[];
  /** Anchors, receipt lines and receipts that are kept; the others are removed. */
  keepAnchor: (seq: number) => boolean;
  keepReceiptLine: (place: number) => boolean;
  keepReceipt: (place: number) => boolean;
}

/** A consistent recording with other words in it: segments sealed again, a new manifest with a chain that holds, signed by the session's own key. */
export async function rewrite({ files, identities, sessionKey }: RealRecording, how: Rewrite): Promise<Files> {
  const changed = new Map(files);
  const { header } = parseManifest(text(files, 'manifest'));
  for (const { stream, seq } of how.segments) {
    const name = segmentFile(stream, seq);
    const opened = Buffer.from(await openSegment(changed.get(name) ?? Buffer.alloc(0), identities[stream])).toString(
      'utf8',
    );
    const other = how.change(opened);
    if (other === opened) throw new Error(`nothing in ${name} was changed`);
    const sealed = await sealSegment(Buffer.from(other), { level: 3, recipients: header.recipients[stream] });
    changed.set(name, Buffer.from(sealed));
  }
  const manifest = newManifest(files, changed, how);
  changed.set('manifest', Buffer.from(manifest));
  const signature = signSsh({ privateKey: sessionKey, namespace: namespaces.recording, message: manifest });
  changed.set('manifest.sig', Buffer.from(signature));
  const receipts = (JSON.parse(text(files, 'receipts.json')) as unknown[]).filter((_, at) => how.keepReceipt(at + 1));
  changed.set('receipts.json', Buffer.from(JSON.stringify(receipts)));
  changed.delete('journal');
  return changed;
}

function text(files: Files, name: string): string {
  return files.get(name)?.toString('utf8') ?? '';
}

/** The same lines, with the digests that the files have now and without what is removed. */
function newManifest(files: Files, changed: Map<string, Buffer>, how: Rewrite): string {
  const { header, lines } = parseManifest(text(files, 'manifest'));
  const writer = new ManifestWriter(header);
  let receipts = 0;
  let anchors = 0;
  for (const line of text(files, 'manifest').trimEnd().split('\n').slice(-lines)) {
    const segment = parseSegmentLine(line);
    const anchor = parseAnchorLine(line);
    const receipt = parseReceiptLine(line);
    const end = parseEndLine(line);
    const stored = changed.get(segment?.file ?? anchor?.file ?? '') ?? Buffer.alloc(0);
    const now = { bytes: stored.length, sha256: createHash('sha256').update(stored).digest('hex') };
    if (segment !== null) {
      writer.segment({ ...segment, ...now });
    } else if (anchor !== null) {
      if (how.keepAnchor(anchor.seq)) {
        anchors += 1;
        writer.anchor({ ...anchor, ...now });
      } else {
        changed.delete(anchor.file);
      }
    } else if (receipt !== null) {
      receipts += 1;
      if (how.keepReceiptLine(receipts)) writer.receipt(receipt);
    } else if (end !== null) {
      writer.end({ ...end, anchors });
    }
  }
  return writer.text;
}

/** Other words of the same length in the kept wire: opened and sealed again with the keys of the anchors. Throws when they are in no packet whole. */
export async function rewriteWire({ files, identities }: RealRecording, from: string, to: string): Promise<Buffer> {
  const keys = await exchangesOf(files, identities);
  const packets = packetsOf(files.get('wire.from-target') ?? Buffer.alloc(0));
  let exchange = -1;
  let counter = 0n;
  let found = false;
  const rewritten = packets.map((packet) => {
    let plain = exchange < 0 ? null : open(packet, keys[exchange], counter);
    if (plain === null) {
      const begun = open(packet, keys[exchange + 1], 0n);
      if (begun === null) return packet;
      exchange += 1;
      counter = 0n;
      plain = begun;
    }
    const at = plain.indexOf(from);
    counter += 1n;
    if (at < 0) return packet;
    found = true;
    plain.write(to, at);
    return seal(packet, plain, keys[exchange], counter - 1n);
  });
  if (!found) throw new Error('the words did not cross in one packet');
  return Buffer.concat(rewritten);
}

interface DirectionKeys {
  key: Buffer;
  iv: Buffer;
}

async function exchangesOf(files: Files, identities: RealRecording['identities']): Promise<DirectionKeys[]> {
  const names = [...files.keys()].filter((name) => name.endsWith('.anchor')).sort();
  const keys: DirectionKeys[] = [];
  for (const name of names) {
    const anchor = parseAnchor(files.get(name) ?? Buffer.alloc(0));
    const secret = await openAnchorSecret(anchor, identities);
    if (checkAnchorSecret(anchor, secret) !== null) throw new Error(`${name} does not open`);
    keys.push(exchangeKeys(anchor, secret).fromTarget);
  }
  return keys;
}

const tagBytes = 16;

function vector(iv: Buffer, counter: bigint): Buffer {
  const out = Buffer.from(iv);
  out.writeBigUInt64BE(BigInt.asUintN(64, out.readBigUInt64BE(4) + counter), 4);
  return out;
}

function cipherName(key: Buffer): 'aes-128-gcm' | 'aes-256-gcm' {
  return key.length === 16 ? 'aes-128-gcm' : 'aes-256-gcm';
}

function open(packet: Buffer, keys: DirectionKeys | undefined, counter: bigint): Buffer | null {
  if (keys === undefined || packet.length < 4 + tagBytes) return null;
  const decipher = createDecipheriv(cipherName(keys.key), keys.key, vector(keys.iv, counter));
  decipher.setAAD(packet.subarray(0, 4)).setAuthTag(packet.subarray(-tagBytes));
  try {
    return Buffer.concat([decipher.update(packet.subarray(4, -tagBytes)), decipher.final()]);
  } catch {
    return null;
  }
}

function seal(packet: Buffer, plain: Buffer, keys: DirectionKeys | undefined, counter: bigint): Buffer {
  if (keys === undefined) return packet;
  const cipher = createCipheriv(cipherName(keys.key), keys.key, vector(keys.iv, counter));
  cipher.setAAD(packet.subarray(0, 4));
  return Buffer.concat([packet.subarray(0, 4), cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}
