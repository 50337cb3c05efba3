import { StringDecoder } from 'node:string_decoder';
import type { RecordedEvent } from '../shared/record/events.ts';
import { onScreen, plain } from './echo.ts';
import { type Key, LineReader } from './line-reader.ts';
import type { ScreenEvent } from './parts.ts';

/** The output of a recording, by time: events in [fromMs, toMs). */
export interface OutputReader {
  read(fromMs: number, toMs: number): AsyncIterable<ScreenEvent>;
}

/** A recording can hold any number of lines; a timeline cannot. */
const linesAtMost = 2000;
const lineLength = 200;
/** The target's echo of the last character may come this late. */
const echoMs = 500;
const echoBytesAtMost = 65_536;
/** What is looked at for a part of a line, how short that may be, and how often this is tried in one recording. */
const partBytesAtMost = 8192;
const partAtLeast = 4;
const partsTriedAtMost = 2000;

/** What stands for a line that the target did not show: a password, most likely. */
export const notShown = '(typed, not shown)';

interface Line {
  keys: readonly Key[];
  atMs: number;
}

interface Output {
  atMs: number;
  text: string;
}

/**
 * The lines a person typed, for the timeline. Only what the target echoed is named: a password that was typed at a prompt must not appear on a
 * timeline, whoever may read the input.
 */
export class TypedLines {
  private readonly lines: Line[] = [];
  private readonly decoder = new StringDecoder('utf8');
  private readonly reader = new LineReader((keys, atMs) => {
    if (this.lines.length < linesAtMost) this.lines.push({ keys, atMs });
  });

  /** Takes an `i` event. */
  add(event: RecordedEvent): void {
    this.reader.add(this.decoder.write(Buffer.from(event.data)), event.atMs);
  }

  /** Each line with its time; `shown` is the output of the same recording. */
  async read(shown: OutputReader): Promise<{ atMs: number; text: string }[]> {
    let tries = partsTriedAtMost;
    const found: { atMs: number; text: string }[] = [];
    for (const line of this.lines) {
      const output = await outputDuring(line, shown);
      const part = () => (tries > 0 ? echoedPart(line, output, () => tries-- > 0) : null);
      const text = wasEchoed(line, output) ? textOf(line.keys) : (part() ?? notShown);
      found.push({ atMs: line.atMs, text });
    }
    return found;
  }
}

function textOf(keys: readonly Key[]): string {
  const text = keys
    .map((key) => key.text)
    .join('')
    .trim();
  return text.slice(0, lineLength);
}

async function outputDuring(line: Line, shown: OutputReader): Promise<Output[]> {
  const found: Output[] = [];
  const decoder = new StringDecoder('utf8');
  let length = 0;
  for await (const event of shown.read(line.keys[0]?.atMs ?? line.atMs, line.atMs + echoMs)) {
    if (event.code !== 'o') continue;
    const text = decoder.write(Buffer.from(event.data));
    found.push({ atMs: event.atMs, text });
    length += text.length;
    if (length > echoBytesAtMost) break;
  }
  return found;
}

/** Output from `fromMs` to the line break that answers Enter: what comes after it is the command's, and may name a password by chance. */
function upToAnswer(output: readonly Output[], fromMs: number, enterMs: number): string {
  let text = '';
  for (const one of output) {
    if (one.atMs < fromMs) continue;
    const end = one.atMs < enterMs ? -1 : one.text.indexOf('\n');
    text += end === -1 ? one.text : one.text.slice(0, end);
    if (end !== -1) break;
  }
  return text;
}

function shows(output: string, wanted: string): boolean {
  return plain(output).includes(wanted) || onScreen(output).includes(wanted);
}

function wasEchoed({ keys, atMs }: Line, output: readonly Output[]): boolean {
  const fromMs = keys[0]?.atMs ?? atMs;
  const wanted = plain(textOf(keys));
  if (wanted === '') return false;
  // What was sent at once is echoed after its Enter: lines that were pasted together one after the other, between what each wrote.
  const atOnce = fromMs === atMs && wanted.length >= partAtLeast;
  return shows(atOnce ? output.map((one) => one.text).join('') : upToAnswer(output, fromMs, atMs), wanted);
}

/**
 * The end of the line, when the keys before it were for something else: the `q` that leaves a pager is no part of the next command. Only
 * after the target wrote something between the two, which it does not while a password is typed.
 */
function echoedPart({ keys, atMs }: Line, output: readonly Output[], mayTry: () => boolean): string | null {
  for (let from = Math.max(1, keys.length - lineLength); from < keys.length; from += 1) {
    const first = keys[from]?.atMs ?? atMs;
    const before = keys[from - 1]?.atMs ?? first;
    if (!output.some((one) => one.atMs >= before && one.atMs < first)) continue;
    const text = textOf(keys.slice(from));
    const wanted = plain(text);
    if (wanted.length < partAtLeast || !mayTry()) return null;
    if (shows(upToAnswer(output, first, atMs).slice(-partBytesAtMost), wanted)) return text;
  }
  return null;
}
