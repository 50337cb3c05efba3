import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromPackage, fromRuntime, type Zstd, zstdDecompress } from './zstd.ts';
import { isBoundedFrame } from './zstd-frame.ts';

const atMost = 4_194_304;
const runtime = fromRuntime();
const native = await fromPackage();
// Recordings are made in one runtime and read in another.
const both: [string, Zstd][] = [
  ['the package', native],
  ...(runtime === null ? [] : ([['the runtime', runtime]] satisfies [string, Zstd][])),
];

describe.each(both)('zstd of %s', (_name, zstd) => {
  it('makes one bounded frame, which every other decoder reads', async () => {
    const text = fc.oneof(
      fc.string({ maxLength: 50 }),
      fc.integer({ min: 1, max: 400_000 }).map((size) => 'ab\x1b[1mc'.repeat(size / 7 + 1)),
    );
    await fc.assert(
      fc.asyncProperty(text, fc.constantFrom(3, 9), async (plain, level) => {
        const data = Buffer.from(plain);
        const packed = await zstd.compress(data, level);
        expect(isBoundedFrame(packed, atMost)).toBe(true);
        for (const [, reader] of both) expect(data.equals(await reader.decompress(packed, atMost))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('makes what the zstd program reads, of text that does not shrink too', async () => {
    const data = Buffer.from(
      Array.from({ length: 600_000 }, (_, at) => 32 + (((at * 2_654_435_761) % 4_294_967_291) % 95)),
    );
    const packed = await zstd.compress(data, 9);
    expect(isBoundedFrame(packed, atMost)).toBe(true);
    expect(execFileSync('zstd', ['-d', '-q'], { input: packed, maxBuffer: 1 << 24 }).equals(data)).toBe(true);
  });

  it('does not unpack a bomb, two frames, a cut one, or something else', async () => {
    const bomb = await zstd.compress(Buffer.alloc(50_000_000), 3);
    const small = await zstd.compress(Buffer.from('abc'), 3);
    const flagged = Buffer.from(bomb);
    for (const bad of [
      bomb,
      Buffer.concat([small, bomb]),
      Buffer.concat([small, small]),
      small.subarray(0, -1),
      Buffer.from('no zstd'),
      Buffer.alloc(0),
      flagged.subarray(4),
    ]) {
      await expect(zstdDecompress(bad, atMost)).rejects.toMatchObject({ code: 'SP-3030' });
    }
  });
});

describe('the bound of a frame', () => {
  it('holds for blocks that repeat a byte, whatever size the header claims', () => {
    // Magic, a header without a size (window 128 KiB), then RLE blocks of 128 KiB each: 4 bytes become 131072.
    const block = (last: boolean) => {
      const head = Buffer.alloc(4);
      head.writeUIntLE((131_072 << 3) | 2 | (last ? 1 : 0), 0, 3);
      return head;
    };
    const frame = (blocks: number) =>
      Buffer.concat([
        Buffer.from('28b52ffd0038', 'hex'),
        ...Array.from({ length: blocks }, (_, at) => block(at === blocks - 1)),
      ]);
    expect(execFileSync('zstd', ['-d', '-q'], { input: frame(3), maxBuffer: 1 << 24 }).length).toBe(3 * 131_072);
    expect(isBoundedFrame(frame(3), atMost)).toBe(true);
    expect(isBoundedFrame(frame(2000), atMost)).toBe(false);
  });
});
