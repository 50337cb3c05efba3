import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Stream } from '../../shared/model/recording.ts';
import { type EventCode, isEventCode, type RecordedEvent } from '../../shared/record/events.ts';
import {
  eventHeadBytes,
  frameHeadBytes,
  lengthBytes,
  nonceBytes,
  streamNumber,
  tagBytes,
} from '../../shared/record/journal.ts';

/** Frames of the journal, version 1: layout and sealing as in shared/record/journal.ts. */
export interface FrameKey {
  key: Uint8Array;
  /** SHA-256 of the header line. */
  headerHash: Uint8Array;
}

/** The nonce of a stream's frame: its number under its key. */
export function nonceOf(number: number): Buffer {
  const nonce = Buffer.alloc(nonceBytes);
  nonce.writeBigUInt64BE(BigInt(number), nonceBytes - 8);
  return nonce;
}

function additionalData(headerHash: Uint8Array, head: Uint8Array): Buffer {
  return Buffer.concat([headerHash, head]);
}

/**
 * Seals one event as a frame. `number`: of this frame among its stream's under this key, never used twice. `end`: raw bytes of the stream with this frame.
 */
export function sealFrame(
  frameKey: FrameKey,
  frame: { stream: Stream; number: number; end: number; atMs: number; code: EventCode; data: Uint8Array },
): Buffer {
  const head = Buffer.alloc(lengthBytes + frameHeadBytes);
  head.writeUInt32BE(frameHeadBytes + eventHeadBytes + frame.data.length + tagBytes);
  head.writeUInt8(streamNumber(frame.stream), lengthBytes);
  head.writeBigUInt64BE(BigInt(frame.end), lengthBytes + 1);
  const event = Buffer.alloc(eventHeadBytes);
  event.write(frame.code, 'latin1');
  event.writeBigUInt64BE(BigInt(frame.atMs), 1);
  event.writeUInt32BE(frame.data.length, 9);
  const cipher = createCipheriv('aes-256-gcm', frameKey.key, nonceOf(frame.number), { authTagLength: tagBytes });
  cipher.setAAD(additionalData(frameKey.headerHash, head.subarray(lengthBytes)));
  return Buffer.concat([head, cipher.update(event), cipher.update(frame.data), cipher.final(), cipher.getAuthTag()]);
}

/** Opens a frame's body (what follows its length). Throws `Error` when it is not this key's at this number, or its events are malformed. */
export function openFrame(frameKey: FrameKey, number: number, body: Uint8Array): RecordedEvent[] {
  const head = body.subarray(0, frameHeadBytes);
  const decipher = createDecipheriv('aes-256-gcm', frameKey.key, nonceOf(number), { authTagLength: tagBytes });
  decipher.setAAD(additionalData(frameKey.headerHash, head));
  decipher.setAuthTag(body.subarray(body.length - tagBytes));
  const plain = Buffer.concat([
    decipher.update(body.subarray(frameHeadBytes, body.length - tagBytes)),
    decipher.final(),
  ]);
  const events: RecordedEvent[] = [];
  let at = 0;
  while (at < plain.length) {
    const code = plain.toString('latin1', at, at + 1);
    const atMs = Number(plain.readBigUInt64BE(at + 1));
    const end = at + eventHeadBytes + plain.readUInt32BE(at + 9);
    if (!isEventCode(code) || end > plain.length) throw new Error('malformed events in a frame');
    events.push({ atMs, code, data: plain.subarray(at + eventHeadBytes, end) });
    at = end;
  }
  return events;
}
