/**
 * Follows a terminal parser as far as to know whether it is in its ground state (ECMA-48; the states of a DEC-compatible parser): a segment
 * is cut only there, so that a viewer may begin at any segment. Takes text, since in UTF-8 the C1 controls are characters.
 */
type State = 'ground' | 'escape' | 'sequence' | 'string' | 'string-escape';

const cancel = 0x18;
const substitute = 0x1a;
const escapeCode = 0x1b;
const bell = 0x07;
const stringTerminator = 0x9c;

/** DCS, SOS, OSC, PM, APC: by their second byte after ESC, and as C1. */
const stringOpeners = new Set([0x50, 0x58, 0x5d, 0x5e, 0x5f]);
const c1StringOpeners = new Set([0x90, 0x98, 0x9d, 0x9e, 0x9f]);
const c1SequenceOpener = 0x9b;
const openers = /[\x1b\x90\x98\x9b\x9d-\x9f]/g;

function opened(code: number): State {
  if (code === escapeCode) return 'escape';
  if (code === c1SequenceOpener) return 'sequence';
  return c1StringOpeners.has(code) ? 'string' : 'ground';
}

function afterEscape(code: number): State {
  if (code === 0x5b) return 'sequence';
  if (stringOpeners.has(code)) return 'string';
  // Intermediate bytes go on; anything printable ends it.
  return code >= 0x20 && code <= 0x2f ? 'escape' : code < 0x20 ? 'escape' : 'ground';
}

function next(state: State, code: number): State {
  if (code === cancel || code === substitute) return 'ground';
  switch (state) {
    case 'ground':
      return opened(code);
    case 'escape':
      return code === escapeCode ? 'escape' : afterEscape(code);
    case 'sequence':
      if (code === escapeCode) return 'escape';
      return code >= 0x40 && code <= 0x7e ? 'ground' : 'sequence';
    case 'string':
      if (code === escapeCode) return 'string-escape';
      return code === bell || code === stringTerminator ? 'ground' : 'string';
    case 'string-escape':
      // ESC \ is the terminator; any other sequence cancels the string and begins.
      return code === 0x5c ? 'ground' : code === escapeCode ? 'escape' : afterEscape(code);
  }
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
      this.state = next(this.state, text.charCodeAt(at));
      at += 1;
    }
  }
}
