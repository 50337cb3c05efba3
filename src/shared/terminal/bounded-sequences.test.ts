import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Terminal } from '@xterm/headless/lib-headless/xterm-headless.mjs';
import { expect, it } from 'vitest';
import { boundedInsideOf, boundSequences } from './bounded-sequences.ts';

it('a count without bounds does not hold a terminal, scrollback or none', { timeout: 20_000 }, async () => {
  const terminal = new Terminal({ cols: 200, rows: 60, scrollback: 5000, allowProposedApi: true });
  boundSequences(terminal, boundedInsideOf(terminal));
  const began = performance.now();
  for (const final of ['S', 'T', 'L', 'M', 'I', 'Z', 'b'])
    await new Promise<void>((done) => terminal.write(`x\x1b[2147483647${final}`, done));
  expect(performance.now() - began).toBeLessThan(5000);
  await new Promise<void>((done) => terminal.write('\x1b[2J\x1b[Hback', done));
  expect(terminal.buffer.active.getLine(terminal.buffer.active.baseY)?.translateToString(true)).toBe('back');
});

it('finds in the package of the window the inside that it finds in this one', () => {
  const main = createRequire(import.meta.url).resolve('@xterm/xterm');
  const code = readFileSync(path.join(path.dirname(main), 'xterm.mjs'), 'utf8');
  for (const name of [
    '_core',
    '_bufferService',
    '_inputHandler',
    'precedingJoinState',
    'repeatPrecedingCharacter',
    'scrollUp',
  ])
    expect(code).toContain(name);
});
