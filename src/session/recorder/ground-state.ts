/**
 * Follows a terminal's parser as far as to know whether it is in its ground state (ECMA-48; the states of a DEC-compatible parser, as xterm.js has them): a segment
 * is cut only there, so that a viewer may begin at any segment. Takes text, since in UTF-8 the C1 controls are characters.
 */
type State =
  | 'ground'
  | 'escape'
  | 'escape-intermediate'
  | 'sequence'
  | 'sequence-parameters'
  | 'sequence-intermediate'
  | 'sequence-ignored'
  | 'command'
  | 'control'
  | 'control-parameters'
  | 'control-intermediate'
  | 'control-data'
  | 'string';

/** Controls that mean the same in every state; the others of C1 end what was begun. */
const anywhere = new Map<number, State>([
  [0x18, 'ground'],
  [0x1a, 'ground'],
  [0x1b, 'escape'],
  [0x90, 'control'],
  [0x98, 'string'],
  [0x9b, 'sequence'],
  [0x9d, 'command'],
  [0x9e, 'string'],
  [0x9f, 'string'],
]);
/** After ESC: CSI, OSC, DCS, and SOS, PM, APC. */
const openedByEscape = new Map<number, State>([
  [0x5b, 'sequence'],
  [0x5d, 'command'],
  [0x50, 'control'],
  [0x58, 'string'],
  [0x5e, 'string'],
  [0x5f, 'string'],
]);
const bell = 0x07;
const openers = /[\x1b\x90\x98\x9b\x9d-\x9f]/g;

/** The states of CSI and DCS before their final byte, which differ in what they do with a character that does not belong there. */
function inside(kind: 'sequence' | 'control', state: State, code: number): State {
  const ignored = kind === 'sequence' ? 'sequence-ignored' : 'control-data';
  const isIntermediate = state === `${kind}-intermediate`;
  if (code < 0x20 || code === 0x7f) return state;
  if (code < 0x30) return `${kind}-intermediate`;
  if (code < 0x3c) return isIntermediate ? ignored : `${kind}-parameters`;
  if (code < 0x40) return state === kind ? `${kind}-parameters` : ignored;
  return kind === 'control' && code < 0x7f ? 'control-data' : 'ground';
}

function next(state: State, code: number): State {
  const always = anywhere.get(code);
  if (always !== undefined) return always;
  if (code >= 0x80 && code < 0xa0) return 'ground';
  switch (state) {
    case 'ground':
      return 'ground';
    case 'escape':
    case 'escape-intermediate': {
      if (code < 0x20 || code === 0x7f) return state;
      if (code < 0x30) return 'escape-intermediate';
      return (state === 'escape' ? openedByEscape.get(code) : undefined) ?? 'ground';
    }
    case 'sequence':
    case 'sequence-parameters':
    case 'sequence-intermediate':
      return inside('sequence', state, code);
    case 'sequence-ignored':
      return code >= 0x40 && code < 0x7f ? 'ground' : state;
    case 'control':
    case 'control-parameters':
    case 'control-intermediate':
      return inside('control', state, code);
    case 'command':
      return code === bell ? 'ground' : state;
    case 'control-data':
      return state;
    case 'string':
      return code < 0x80 ? state : 'ground';
  }
}

const byteOrderMark = 0xfeff;

/** Units of what a terminal's decoder passes over: a byte order mark, and a byte that is no character, as event text keeps it (U+10FE00 and on). */
function unseenAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code === byteOrderMark) return 1;
  const low = code === 0xdbff ? text.charCodeAt(at + 1) : 0;
  return low >= 0xde00 && low <= 0xdeff ? 2 : 0;
}

export class GroundState {
  private state: State = 'ground';

  get isGround(): boolean {
    return this.state === 'ground';
  }

  push(text: string): void {
    let at = 0;
    while (at < text.length) {
      if (this.state === 'ground') {
        openers.lastIndex = at;
        if (!openers.test(text)) return;
        at = openers.lastIndex - 1;
      }
      const unseen = unseenAt(text, at);
      if (unseen === 0) this.state = next(this.state, text.charCodeAt(at));
      at += Math.max(unseen, 1);
    }
  }
}
