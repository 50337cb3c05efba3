import type { Terminal } from '@xterm/headless/lib-headless/xterm-headless.mjs';
import type { Inside } from './xterm-inside.ts';

/**
 * Sequences that xterm carries out once per count, up to 2^31 times: a target could hold the process for minutes with ten bytes. Past the size of the
 * screen more changes nothing, so here the count is cut to that, with the same result.
 */
const counted: { final: string; method: string; most: 'rows' | 'cols' }[] = [
  { final: 'S', method: 'scrollUp', most: 'rows' },
  { final: 'T', method: 'scrollDown', most: 'rows' },
  { final: 'L', method: 'insertLines', most: 'rows' },
  { final: 'M', method: 'deleteLines', most: 'rows' },
  { final: 'I', method: 'cursorForwardTab', most: 'cols' },
  { final: 'Z', method: 'cursorBackwardTab', most: 'cols' },
];

/** The last character `count` times: what fills the screen twice leaves what any larger number of the same remainder leaves. */
function repeats(count: number, width: number, size: { cols: number; rows: number }): number {
  const perRow = Math.max(Math.floor(size.cols / Math.max(width, 1)), 1);
  const most = 2 * perRow * (size.rows + 1);
  return count <= most ? count : most + ((count - most) % perRow);
}

function first(parameters: (number | number[])[]): number {
  const value = parameters[0];
  return typeof value === 'number' ? value : 1;
}

export function boundSequences(terminal: Terminal, inside: Inside): void {
  const handler = inside._inputHandler;
  for (const { final, method, most } of counted) {
    terminal.parser.registerCsiHandler({ final }, (parameters) => {
      const limit = inside._bufferService[most];
      if (first(parameters) <= limit) return false;
      const carryOut = handler[method];
      if (typeof carryOut !== 'function') return false;
      carryOut.call(handler, { params: [limit], length: 1 });
      return true;
    });
  }
  terminal.parser.registerCsiHandler({ final: 'b' }, (parameters) => {
    // The width stands in the two lowest bits but one of xterm's joining state.
    const width = (handler._parser.precedingJoinState >> 1) & 3;
    const count = repeats(first(parameters), width, inside._bufferService);
    if (count === first(parameters)) return false;
    handler.repeatPrecedingCharacter({ params: [count], length: 1 });
    return true;
  });
}
