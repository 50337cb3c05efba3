import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventTextEncoder, escapedByte, eventTextBytes } from './event-text.ts';

function encode(chunks: Uint8Array[]): string[] {
  const encoder = new EventTextEncoder();
  return [...chunks.map((chunk) => encoder.push(chunk)), encoder.flush()];
}

/** Bytes that are mostly characters, with stray, cut, overlong and escaped ones among them. */
const pieces = fc.oneof(
  fc.uint8Array({ maxLength: 6 }),
  fc.string({ unit: 'binary', maxLength: 6 }).map((text) => new Uint8Array(Buffer.from(text, 'utf8'))),
  fc.integer({ min: 0, max: 255 }).map((byte) => new Uint8Array(Buffer.from(escapedByte(byte), 'utf8'))),
  fc
    .constantFrom(
      [0xf4, 0x8f, 0xb8],
      [0xe2, 0x82],
      [0xc0, 0x80],
      [0xed, 0xa0, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0xff, 0xfe],
    )
    .map((list) => new Uint8Array(list)),
);
const anyBytes = fc.array(pieces, { maxLength: 30 }).map((list) => new Uint8Array(Buffer.concat(list)));

describe('event text', () => {
  it('gives back any bytes, however they were cut, in text that strict readers take', () => {
    fc.assert(
      fc.property(anyBytes, fc.array(fc.nat(), { maxLength: 8 }), (bytes, cuts) => {
        const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
        const chunks = places.slice(1).map((place, index) => bytes.subarray(places[index], place));
        const texts = encode(chunks);
        for (const text of texts) {
          expect(text.isWellFormed()).toBe(true);
          expect(JSON.parse(JSON.stringify(text))).toBe(text);
        }
        // Cut anywhere, the text is the same: nothing depends on how the bytes arrived.
        expect(texts.join('')).toBe(encode([bytes]).join(''));
        expect(Buffer.concat(texts.map(eventTextBytes)).equals(Buffer.from(bytes))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('leaves valid text as it is and holds a cut character until its rest comes', () => {
    const encoder = new EventTextEncoder();
    expect(encoder.push(Buffer.from('grüße €'))).toBe('grüße €');
    expect(encoder.push(Buffer.from([0xe2, 0x82]))).toBe('');
    expect(encoder.atBoundary).toBe(false);
    expect(encoder.push(Buffer.from([0xac, 0x41]))).toBe('€A');
    expect(encoder.atBoundary).toBe(true);
  });

  it('keeps a byte that is not UTF-8 as a private code point, and that code point itself as its bytes', () => {
    expect(encode([Buffer.from([0x41, 0xff, 0x42])]).join('')).toBe(`A${escapedByte(0xff)}B`);
    const literal = Buffer.from(escapedByte(7), 'utf8');
    expect(encode([literal]).join('')).toBe([...literal].map(escapedByte).join(''));
  });
});
