import { ageOpen } from '../../recording/codecs/age.ts';
import { zstdDecompress } from '../../recording/codecs/zstd.ts';
import {
  nothingUnsettled,
  type RowEntry,
  type Settled,
  settleRest,
  settleTimes,
} from '../../recording/text-lines/settle-times.ts';
import { SallyportError } from '../../shared/errors/result.ts';
import type { SearchHit } from '../../shared/model/review.ts';
import {
  lineCharactersAtMost,
  type TextEntry,
  textBytesAtMost,
  textEntrySchema,
  textHeaderSchema,
} from '../../shared/record/text-lines.ts';
import { fold, kept } from './words.ts';

/** Some lines of one sidecar, as they are stored. */
export interface Block {
  place: number;
  kind: SearchHit['kind'];
  folded: string;
  text: string;
  times: string;
}

/** Enough lines that an entry of the index is worth its row, few enough that looking at one costs little. */
const blockCharacters = 2000;
/** Entries that are put into their order in one go. */
const settledAtOnce = 500;

function refused(what: string): SallyportError {
  return new SallyportError('SP-3030', `The text of this segment is not indexed: ${what}.`);
}

/** The text of a sealed sidecar. Throws SP-3030 for whatever is not one, without taking more memory than one may. */
export async function openSidecar(stored: Uint8Array, identity: string): Promise<string> {
  return Buffer.from(await zstdDecompress(await ageOpen(stored, identity), textBytesAtMost)).toString('utf8');
}

/**
 * The lines and commands of a sidecar in blocks, a few at a time: whoever takes them may give way in between. In the order and with the times of the screen, as far as one sidecar tells
 * them: segments are indexed in any order. What came from an endpoint decides what is in
 * them and no more: a line that is no entry ends it with SP-3030, so does the header of another sidecar.
 */
export function* blocksOf(text: string, of: { sessionId: string; seq: number }): Generator<Block> {
  const open = { output: newBlock(), command: newBlock() };
  let place = 0;
  const close = (kind: Block['kind']): Block => {
    const { lines, times } = open[kind];
    open[kind] = newBlock();
    const joined = lines.join('\n');
    return { place: place++, kind, folded: fold(joined), text: joined, times: times.join(' ') };
  };
  let unsettled = nothingUnsettled;
  const add = function* (settled: readonly Settled[]): Generator<Block> {
    for (const { entry, t } of settled) {
      const found = readable(entry);
      if (found === null) continue;
      const block = open[found.kind];
      block.lines.push(found.line);
      block.times.push(t);
      block.characters += found.line.length + 1;
      if (block.characters >= blockCharacters) yield close(found.kind);
    }
  };
  let first = true;
  let waiting: TextEntry[] = [];
  for (const line of linesOf(text)) {
    if (first) {
      const header = textHeaderSchema.safeParse(parseJson(line));
      if (!header.success) throw refused('it has no header');
      if (header.data.session !== of.sessionId || header.data.segment !== of.seq) throw refused('it is of another one');
      first = false;
      continue;
    }
    const entry = textEntrySchema.safeParse(parseJson(line));
    if (!entry.success) throw refused('it holds a line that is no entry of a text');
    waiting.push(entry.data);
    if (waiting.length < settledAtOnce) continue;
    const { settled, after } = settleTimes(unsettled, waiting);
    unsettled = after;
    waiting = [];
    yield* add(settled);
  }
  if (first) throw refused('it is empty');
  const { settled, after } = settleTimes(unsettled, waiting);
  yield* add(settled);
  yield* add(settleRest(after, { isEnd: true }).settled);
  for (const kind of ['command', 'output'] as const) if (open[kind].lines.length > 0) yield close(kind);
}

function newBlock(): { lines: string[]; times: number[]; characters: number } {
  return { lines: [], times: [], characters: 0 };
}

function readable(entry: RowEntry): { kind: Block['kind']; line: string } | null {
  const [kind, said] =
    'command' in entry
      ? (['command', entry.command] as const)
      : 'line' in entry
        ? (['output', entry.line] as const)
        : ['output' as const, ''];
  // One longer than any that this program writes is cut.
  const line = kept(said.slice(0, lineCharactersAtMost)).trimEnd();
  return line === '' ? null : { kind, line };
}

/** Without making all lines at once. */
function* linesOf(text: string): Generator<string> {
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf('\n', from);
    yield text.slice(from, end < 0 ? text.length : end);
    from = end < 0 ? text.length : end + 1;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
