/** One character and when it was typed. */
export interface Key {
  text: string;
  atMs: number;
}

/** A line that is longer loses its beginning. */
const keysAtMost = 1000;
/** A sequence that is longer is none: most are a few characters, a clipboard's answer (OSC 52) may be any length. */
const sequenceAtMost = 4096;

/**
 * Reads keys into lines, as a terminal's line editor does with the plainest of them. What a terminal sends by itself or around a paste (escape
 * sequences) was not typed.
 */
export class LineReader {
  private readonly onLine: (keys: readonly Key[], atMs: number) => void;
  private keys: Key[] = [];
  private escape = '';

  /** `onLine` gets every line with something in it, and when it ended. */
  constructor(onLine: (keys: readonly Key[], atMs: number) => void) {
    this.onLine = onLine;
  }

  /** Takes characters that were sent together; a sequence may be split between calls. */
  add(text: string, atMs: number): void {
    for (const character of text) {
      if (this.escape !== '' || character === '\x1b') this.inEscape(character, atMs);
      else this.take(character, atMs);
    }
  }

  private inEscape(character: string, atMs: number): void {
    // Escape and then Enter: the key of that name, and no sequence.
    if (this.escape === '\x1b' && (character < ' ' || character === '\x7f')) {
      this.escape = character === '\x1b' ? character : '';
      if (character !== '\x1b') this.take(character, atMs);
      return;
    }
    this.escape += character;
    if (isComplete(this.escape) || this.escape.length > sequenceAtMost) this.escape = '';
  }

  private take(character: string, atMs: number): void {
    if (character === '\r' || character === '\n') {
      const { keys } = this;
      this.keys = [];
      if (keys.some((key) => key.text.trim() !== '')) this.onLine(keys, atMs);
    } else if (character === '\x7f' || character === '\b') this.keys.pop();
    // Ctrl+C and Ctrl+U give the line up.
    else if (character === '\x03' || character === '\x15') this.keys = [];
    else if (character === '\x17') this.dropWord();
    else if (character >= ' ') {
      this.keys.push({ text: character, atMs });
      if (this.keys.length > keysAtMost) this.keys.shift();
    }
  }

  private dropWord(): void {
    while (this.keys.at(-1)?.text === ' ') this.keys.pop();
    while (this.keys.length > 0 && this.keys.at(-1)?.text !== ' ') this.keys.pop();
  }
}

function isComplete(sent: string): boolean {
  const kind = sent[1];
  if (kind === undefined) return false;
  if (kind === '[') return sent.length > 2 && /[@-~]$/.test(sent);
  if (kind === 'O') return sent.length === 3;
  if (kind === ']') return sent.endsWith('\x07') || (sent.length > 3 && sent.endsWith('\x1b\\'));
  if ('PX^_'.includes(kind)) return sent.length > 3 && sent.endsWith('\x1b\\');
  return true;
}
