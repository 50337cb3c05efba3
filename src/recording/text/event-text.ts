import { isUtf8 } from 'node:buffer';
import { incompleteTail, sequenceAt } from '../../shared/utf8.ts';

export { incompleteTail };

/**
 * Terminal bytes as the text of asciicast events, without loss. Valid UTF-8 stands as it is. Every byte that is no part of valid UTF-8
 * becomes one code point, U+10FE00 plus the byte (plane 16, private use; not a surrogate and not a noncharacter, so any strict JSON or UTF-8
 * reader takes it). A valid character from that same range (U+10FE00 to U+10FEFF) is written as its four bytes, each in that form. So
 * reading back is one rule: a code point of the range is one byte, any other is its UTF-8.
 */
const escapeBase = 0x10_fe00;

/** UTF-8 of U+10FE00 + byte: F4 8F B8..BB 80..BF. */
const escapeLead = 0xf4;
const escapeSecond = 0x8f;
const escapeThirdFirst = 0xb8;
const escapeThirdLast = 0xbb;

function isEscapeAt(bytes: Uint8Array, at: number): boolean {
  const third = bytes[at + 2] ?? 0;
  return (
    bytes[at] === escapeLead && bytes[at + 1] === escapeSecond && third >= escapeThirdFirst && third <= escapeThirdLast
  );
}

/** The text of bytes that hold no incomplete end (or whose end is to be kept as it is). */
function escapeAll(bytes: Uint8Array): string {
  const out = Buffer.allocUnsafe(bytes.length * 4);
  let length = 0;
  let at = 0;
  const escapeOne = () => {
    const byte = bytes[at] ?? 0;
    out[length] = escapeLead;
    out[length + 1] = escapeSecond;
    out[length + 2] = escapeThirdFirst + (byte >> 6);
    out[length + 3] = 0x80 | (byte & 0x3f);
    length += 4;
    at += 1;
  };
  while (at < bytes.length) {
    const sequence = sequenceAt(bytes, at);
    if (sequence <= 0) {
      escapeOne();
    } else if (sequence === 4 && isEscapeAt(bytes, at)) {
      for (let index = 0; index < 4; index += 1) escapeOne();
    } else {
      for (let index = 0; index < sequence; index += 1) out[length + index] = bytes[at + index] ?? 0;
      length += sequence;
      at += sequence;
    }
  }
  return out.toString('utf8', 0, length);
}

function textOf(bytes: Buffer): string {
  // Almost everything takes this path: native checks, one copy. 0xf4 leads every character that must be escaped.
  return isUtf8(bytes) && !bytes.includes(escapeLead) ? bytes.toString('utf8') : escapeAll(bytes);
}

/** Turns a stream of bytes, cut anywhere, into event texts. A character that is cut waits for its rest. */
export class EventTextEncoder {
  private pending: Buffer = Buffer.alloc(0);

  /** True when no character is waiting for its rest. */
  get atBoundary(): boolean {
    return this.pending.length === 0;
  }

  /** The text that is complete with these bytes; may be empty. */
  push(bytes: Uint8Array): string {
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const all = this.pending.length === 0 ? view : Buffer.concat([this.pending, view]);
    const tail = incompleteTail(all);
    this.pending = Buffer.from(all.subarray(all.length - tail));
    return textOf(all.subarray(0, all.length - tail));
  }

  /** The text of what is still waiting, as bytes that will not become a character. */
  flush(): string {
    const rest = this.pending;
    this.pending = Buffer.alloc(0);
    return escapeAll(rest);
  }
}

/** The bytes of an event's text: the reverse of the encoder, for texts in any split. */
export function eventTextBytes(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  let at = bytes.indexOf(escapeLead);
  if (at < 0) return bytes;
  let length = at;
  while (at < bytes.length) {
    if (isEscapeAt(bytes, at)) {
      bytes[length] = (((bytes[at + 2] ?? 0) - escapeThirdFirst) << 6) | ((bytes[at + 3] ?? 0) & 0x3f);
      at += 4;
    } else {
      bytes[length] = bytes[at] ?? 0;
      at += 1;
    }
    length += 1;
  }
  return bytes.subarray(0, length);
}

/** The code point that stands for a byte which is not UTF-8. */
export function escapedByte(byte: number): string {
  return String.fromCodePoint(escapeBase + byte);
}
