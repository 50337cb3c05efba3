import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ByteTarget, startByteTarget } from '../corpus/byte-target.ts';
import { readCorpus } from '../corpus/inputs.ts';
import { playFile } from '../corpus/play-file.ts';
import { buildSession } from '../harness/session/session-world.ts';

const files = readCorpus(resolve(import.meta.dirname, '../fixtures/corpus'));
let target: ByteTarget;

beforeAll(async () => {
  buildSession();
  target = await startByteTarget();
});
afterAll(() => target?.stop());

/** `npm run test:corpus` plays more files, for longer, and asks asciinema. */
describe('a recording of what a real terminal showed', () => {
  it.each(files.map((file) => [file.name, file] as const))(
    'has every byte, true keyframes and its text: %s',
    async (_name, file) => {
      // The one with wide characters fills several segments.
      const atLeast = file.name.includes('wide') ? 600_000 : 1;
      const { wrong, keyframes } = await playFile(file, { target, atLeast, asciinema: null });
      expect(wrong).toBeNull();
      expect(keyframes).toBeGreaterThan(0);
    },
  );
});
