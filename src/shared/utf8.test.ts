import { Terminal } from '@xterm/headless/lib-headless/xterm-headless.mjs';
import { describe, expect, it } from 'vitest';
import { WholeCharacters } from './utf8.ts';

const words = 'a…b’c–dé\u{1f600}漢\r\n';

async function draw(chunks: Uint8Array[]): Promise<string> {
  const terminal = new Terminal({ cols: 80, rows: 4, allowProposedApi: true });
  const characters = new WholeCharacters();
  for (const chunk of chunks) for (const piece of characters.push(chunk)) terminal.write(piece);
  await new Promise<void>((done) => terminal.write('', done));
  return terminal.buffer.active.getLine(0)?.translateToString(true) ?? '';
}

describe('whole characters', () => {
  it('are drawn wherever the bytes were cut', async () => {
    const bytes = new TextEncoder().encode(words);
    const wanted = words.trimEnd();
    for (let first = 0; first <= bytes.length; first += 1) {
      for (let second = first; second <= bytes.length; second += 1)
        expect(await draw([bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)])).toBe(
          wanted,
        );
    }
    expect(await draw([...bytes].map((byte) => Uint8Array.of(byte)))).toBe(wanted);
  });

  it('come in pieces that a terminal takes at once, and nothing of them is lost', () => {
    const bytes = new TextEncoder().encode(`x${'…'.repeat(200_000)}`);
    const pieces = new WholeCharacters().push(bytes);
    expect(pieces.length).toBeGreaterThan(1);
    for (const piece of pieces) {
      expect(piece.length).toBeLessThanOrEqual(131_072);
      expect(() => new TextDecoder('utf-8', { fatal: true }).decode(piece)).not.toThrow();
    }
    expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
  });

  it('give bytes on that are no character, and forget at a reset what has no end', () => {
    const characters = new WholeCharacters();
    expect(characters.push(Uint8Array.of(0xff, 0x80, 0xe2))).toEqual([Uint8Array.of(0xff, 0x80)]);
    expect(characters.push(Uint8Array.of(0x41))).toEqual([Uint8Array.of(0xe2, 0x41)]);
    expect(characters.push(Uint8Array.of(0xe2, 0x80))).toEqual([]);
    characters.reset();
    expect(characters.push(Uint8Array.of(0x42))).toEqual([Uint8Array.of(0x42)]);
  });
});
