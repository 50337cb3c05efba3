/**
 * Sequences that xterm carries out once per count, up to 2^31 times: a target could hold the process for minutes with ten bytes. Past the size of the
 * screen more changes nothing, so here the count is cut to that, with the same result on the screen.
 */
const counted: { final: string; method: string; most: 'rows' | 'cols' }[] = [
  { final: 'S', method: 'scrollUp', most: 'rows' },
  { final: 'T', method: 'scrollDown', most: 'rows' },
  { final: 'L', method: 'insertLines', most: 'rows' },
  { final: 'M', method: 'deleteLines', most: 'rows' },
  { final: 'I', method: 'cursorForwardTab', most: 'cols' },
  { final: 'Z', method: 'cursorBackwardTab', most: 'cols' },
];

/** What is used of a terminal, of the one in the window as of the one without. */
export interface BoundedTerminal {
  readonly parser: {
    registerCsiHandler(id: { final: string }, callback: (parameters: (number | number[])[]) => boolean): unknown;
  };
}

/** What is used of its inside. */
export interface BoundedInside {
  _bufferService: { cols: number; rows: number };
  _inputHandler: {
    _parser: { precedingJoinState: number };
    repeatPrecedingCharacter(parameters: { params: number[]; length: number }): boolean;
  } & Record<string, unknown>;
}

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

/** Bounds the counts of a terminal's sequences. Of what leaves the screen less is kept above it than an unbounded count would leave there. */
export function boundSequences(terminal: BoundedTerminal, inside: BoundedInside): void {
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

/** The inside of a terminal, as far as `boundSequences` uses it. Throws `Error` when the package has another one. */
export function boundedInsideOf(terminal: object): BoundedInside {
  const core: unknown = Reflect.get(terminal, '_core');
  if (!isInside(core)) throw new Error('xterm has another inside than src/shared/terminal knows');
  return core;
}

function isInside(core: unknown): core is BoundedInside {
  if (typeof core !== 'object' || core === null) return false;
  const at = (path: string) =>
    path
      .split('.')
      .reduce<unknown>((value, key) => (value == null ? undefined : Reflect.get(Object(value), key)), core);
  return (
    typeof at('_bufferService.cols') === 'number' &&
    typeof at('_inputHandler._parser.precedingJoinState') === 'number' &&
    ['repeatPrecedingCharacter', ...counted.map(({ method }) => method)].every(
      (method) => typeof at(`_inputHandler.${method}`) === 'function',
    )
  );
}
