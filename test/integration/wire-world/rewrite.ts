import { createCipheriv, createHash, type KeyObject } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { exchangeKeys, openAnchorSecret, parseAnchor } from '../../../src/recording/evidence/anchor.ts';
import { PacketReader } from '../../../src/recording/evidence/wire-packets.ts';
import { ManifestWriter } from '../../../src/recording/manifest/manifest-writer.ts';
import { parseManifest } from '../../../src/recording/manifest/parse-manifest.ts';
import { openSegment, sealSegment } from '../../../src/recording/segments/seal.ts';
import { signSsh } from '../../../src/recording/signatures/sshsig.ts';
import { sshUint32 } from '../../../src/recording/signatures/wire.ts';
import { parseAnchorLine, parseEndLine, parseSegmentLine } from '../../../src/shared/record/manifest-lines.ts';
import { type WireDirection, wireFile } from '../../../src/shared/record/wire.ts';

/** What an insider does who has a recording's folder, the session's key and all identities. Texts of the same length are put in place of others. */
export interface Insider {
  folder: string;
  key: KeyObject;
  identities: { output: string; input: string };
  replace(text: string): string;
}

/**
 * Seals every segment anew with other content and signs a manifest that fits in every line. Receipts, which take the server's key, are left out; so are the
 * anchors for the record's head, which take the target's.
 */
export async function rewriteRecord(insider: Insider, keep: { heads: boolean; receipts: boolean }): Promise<void> {
  const { folder, identities } = insider;
  const text = readFileSync(path.join(folder, 'manifest'), 'utf8');
  const { header } = parseManifest(text);
  const writer = new ManifestWriter(header);
  let anchors = 0;
  for (const line of text.trimEnd().split('\n')) {
    const segment = parseSegmentLine(line);
    const anchor = parseAnchorLine(line);
    const end = parseEndLine(line);
    if (segment !== null) {
      const file = path.join(folder, segment.file);
      if (segment.stream !== 'text') {
        const content = await openSegment(readFileSync(file), identities[segment.stream]);
        const changed = Buffer.from(insider.replace(Buffer.from(content).toString('latin1')), 'latin1');
        writeFileSync(file, await sealSegment(changed, { level: 3, recipients: header.recipients[segment.stream] }));
      }
      const stored = readFileSync(file);
      writer.segment({ ...segment, bytes: stored.length, sha256: createHash('sha256').update(stored).digest('hex') });
    } else if (anchor !== null && (anchor.subject === 'grant' || keep.heads)) {
      anchors += 1;
      writer.anchor(anchor);
    } else if (end !== null) {
      writer.end({ ...end, anchors });
    }
  }
  writeFileSync(path.join(folder, 'manifest'), writer.text);
  const signature = signSsh({ privateKey: insider.key, namespace: 'recording@sallyport', message: writer.text });
  writeFileSync(path.join(folder, 'manifest.sig'), signature);
  if (!keep.receipts) writeFileSync(path.join(folder, 'receipts.json'), '[]');
}

/** Puts other bytes into one direction of the wire, under the secrets of the anchors: it opens as before. Returns how many packets were changed. */
export async function rewriteWire(insider: Insider, direction: WireDirection): Promise<number> {
  const { folder, identities } = insider;
  const keys = [];
  for (const line of parseManifest(readFileSync(path.join(folder, 'manifest'), 'utf8')).anchors) {
    const anchor = parseAnchor(readFileSync(path.join(folder, line.file)));
    const both = exchangeKeys(anchor, await openAnchorSecret(anchor, identities));
    keys.push(direction === 'to-target' ? both.toTarget : both.fromTarget);
  }
  const file = path.join(folder, wireFile(direction));
  const wire = readFileSync(file);
  let [epoch, counter, changed] = [0, 0n, 0];
  for (const { offset, payload } of new PacketReader(direction, keys).push(Buffer.from(wire))) {
    const text = payload.toString('latin1');
    const other = insider.replace(text);
    if (other !== text) {
      const length = wire.readUInt32BE(offset);
      const current = keys[epoch] as (typeof keys)[number];
      const iv = Buffer.from(current.iv);
      iv.writeBigUInt64BE(BigInt.asUintN(64, iv.readBigUInt64BE(4) + counter), 4);
      const cipher = createCipheriv(current.key.length === 16 ? 'aes-128-gcm' : 'aes-256-gcm', current.key, iv, {
        authTagLength: 16,
      });
      cipher.setAAD(sshUint32(length));
      const padding = length - 1 - payload.length;
      const plain = Buffer.concat([Buffer.from([padding]), Buffer.from(other, 'latin1'), Buffer.alloc(padding)]);
      Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]).copy(wire, offset + 4);
      changed += 1;
    }
    counter += 1n;
    if (payload[0] === 21) [epoch, counter] = [epoch + 1, 0n];
  }
  writeFileSync(file, wire);
  return changed;
}
