import type { RecordedEvent } from '../shared/record/events.ts';
import type { EventStore } from './event-store.ts';

/** A recording can hold any number of lines; a timeline cannot. */
const linesAtMost = 2000;
const lineLength = 200;
/** The target's echo of the last character may come this late. */
const echoMs = 500;
const echoBytesAtMost = 65_536;
const sequences = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])/g;

/** What stands for a line that the target did not show: a password, most likely. */
export const notShown = '(typed, not shown)';

interface Line {
  fromMs: number;
  atMs: number;
  text: string;
}

/**
 * The lines a person typed, for the timeline. Only what the target echoed is named: a password that was typed at a prompt must not appear on a
 * timeline, whoever may read the input.
 */
export class TypedLines {
  private readonly lines: Line[] = [];
  private text = '';
  private fromMs = 0;

  /** Takes an `i` event. */
  add(event: RecordedEvent): void {
    for (const character of Buffer.from(event.data).toString('utf8')) {
      if (this.text === '') this.fromMs = event.atMs;
      if (character === '\r' || character === '\n') this.end(event.atMs);
      else if (character === '\x7f') this.text = this.text.slice(0, -1);
      else if (character >= ' ' && this.text.length < lineLength) this.text += character;
    }
  }

  /** Each line with its time; `shown` is the output of the same recording. */
  read(shown: EventStore): { atMs: number; text: string }[] {
    return this.lines.map((line) => ({ atMs: line.atMs, text: wasEchoed(line, shown) ? line.text : notShown }));
  }

  private end(atMs: number): void {
    const text = this.text.trim();
    this.text = '';
    if (text !== '' && this.lines.length < linesAtMost) this.lines.push({ fromMs: this.fromMs, atMs, text });
  }
}

function wasEchoed(line: Line, shown: EventStore): boolean {
  let output = '';
  for (const event of shown.read(line.fromMs, line.atMs + echoMs)) {
    if (event.code === 'o') output += Buffer.from(event.data).toString('utf8');
    if (output.length > echoBytesAtMost) break;
  }
  return output.replace(sequences, '').includes(line.text);
}
