import { Readable } from 'node:stream';
import type { RecordMode } from '../../shared/model/session.ts';
import type { RecordedEvent } from '../../shared/record/events.ts';
import type { EndLine } from '../../shared/record/manifest.ts';
import type { WireDirection } from '../../shared/record/wire.ts';
import type { DirectionKeys } from './anchor-exchange.ts';
import { type ChannelFacts, ChannelReader, mayHaveMore, type TerminalSize } from './wire-channel.ts';
import { type Closed, PacketReader, WireFault } from './wire-packets.ts';
import { RecordedInput, RecordedOutput, type RecordedStream } from './wire-record.ts';

export type { Closed, NotOpened } from './wire-packets.ts';

/** Where wire and record first differ. */
export interface WireDifference {
  /** `output`, `input`: of the record, with an offset in that stream's bytes. `wire.*`: of the kept file. `terminal`: sizes and requests, by their number. */
  stream: 'output' | 'input' | 'terminal' | `wire.${WireDirection}`;
  offset: number;
  what: string;
}

export interface WireComparison {
  equal: boolean;
  /** Null when they are equal, and when nothing could be opened because no exchange was kept. */
  difference: WireDifference | null;
  /** Bytes and sizes that were found equal. */
  outputBytes: number;
  inputBytes: number;
  resizes: number;
  /** Recorded output that the record itself says the channel did not carry (markers with `bytes`). */
  announcedBytes: number;
  /** Output that crossed and is not recorded: it was on its way when the session was cut. */
  notRecorded: number;
  /** Input that was recorded and did not cross any more. */
  notSent: number;
  closed: { toTarget: Closed; fromTarget: Closed };
}

export interface CompareOptions {
  toTarget: AsyncIterable<Uint8Array>;
  fromTarget: AsyncIterable<Uint8Array>;
  /** The keys of the kept exchanges (`exchangeKeys`), in order. */
  exchanges: readonly { toTarget: DirectionKeys; fromTarget: DirectionKeys }[];
  output: AsyncIterable<RecordedEvent>;
  input: AsyncIterable<RecordedEvent>;
  end: EndLine | null;
  /** Of the manifest's header; what is not given is not compared. */
  terminal?: TerminalSize & { term: string };
  command?: string | null;
  /** Of the manifest's header: a best-effort session goes on when its record has failed, and what crosses then is not recorded. */
  mode?: RecordMode;
}

/**
 * Output that may have crossed unrecorded when a session was cut, in windows of its channel: one that waits to be read, and one that the target was let send
 * meanwhile, as the session's SSH library does it.
 */
const windowsOnTheWay = 2;
/** What may cross to the target under keys that were never kept because the session was cut in the middle of an exchange. */
const inputAfterAtMost = 65_536;

class Difference extends Error {
  readonly at: WireDifference;

  constructor(at: WireDifference) {
    super(at.what);
    this.at = at;
  }
}

function differ(stream: WireDifference['stream'], offset: number, what: string): Difference {
  return new Difference({ stream, offset, what });
}

interface Crossed {
  facts: ChannelFacts;
  packets: PacketReader;
  /** Bytes that crossed beyond the record's end. */
  more: number;
}

/** Opens one direction and holds its data against a recorded stream, as both come. */
async function follow(
  direction: WireDirection,
  source: AsyncIterable<Uint8Array>,
  keys: readonly DirectionKeys[],
  record: RecordedStream,
): Promise<Crossed> {
  const packets = new PacketReader(direction, keys);
  const channel = new ChannelReader(direction);
  let more = 0;
  for await (const chunk of source) {
    for (const packet of packets.push(chunk)) {
      const data = channel.read(packet);
      if (data === null || data.length === 0) continue;
      const result = await record.meet(data);
      if (result.differsAt !== null)
        throw differ(
          record.stream,
          result.differsAt,
          `other bytes crossed than the ${record.stream} that was recorded`,
        );
      more += result.beyond;
    }
  }
  await record.finish();
  return { facts: channel.facts, packets, more };
}

/** Whether the session went on after its record, by policy. */
function wentOn(options: CompareOptions): boolean {
  return options.mode === 'best-effort' && options.end?.kind === 'recorder-failed';
}

function checkTerminal(facts: ChannelFacts, recorded: readonly TerminalSize[], options: CompareOptions): void {
  const { terminal, started, resizes } = facts;
  const asText = (size: TerminalSize | undefined) => (size === undefined ? 'none' : `${size.cols}x${size.rows}`);
  if (started !== null && terminal === null) throw differ('terminal', 0, 'the program was started without a terminal');
  if (options.terminal !== undefined && terminal !== null) {
    if (terminal.term !== options.terminal.term) throw differ('terminal', 0, 'another kind of terminal was asked for');
    // A screen that changed while the session was being opened is recorded and sent right after.
    if (asText(terminal) !== asText(options.terminal) && recorded.length === 0)
      throw differ(
        'terminal',
        0,
        `a terminal of ${asText(terminal)} was asked for and ${asText(options.terminal)} recorded`,
      );
  }
  if (options.command !== undefined && started !== null && started.command !== options.command)
    throw differ('terminal', 0, 'another program was started than the record says');
  resizes.forEach((size, index) => {
    if (index >= recorded.length && wentOn(options)) return;
    if (asText(recorded[index]) !== asText(size))
      throw differ(
        'terminal',
        index + 1,
        `the terminal became ${asText(size)} and ${asText(recorded[index])} was recorded`,
      );
  });
}

/** What only both directions together show. */
function checkEnds(options: CompareOptions, from: Crossed, to: Crossed, output: RecordedOutput, input: RecordedInput) {
  const cutShort = mayHaveMore(options.end?.kind ?? null);
  const onItsWay = windowsOnTheWay * to.facts.window;
  for (const [crossed, record] of [
    [from, output],
    [to, input],
  ] as const) {
    const direction = crossed === from ? 'from-target' : 'to-target';
    if (!crossed.packets.openedAny && (!cutShort || record.offset > 0))
      throw differ(`wire.${direction}`, 0, 'no packet opens with the first kept secret');
    const atMost = !cutShort ? 0 : crossed === from ? onItsWay + inputAfterAtMost : inputAfterAtMost;
    const { after, cut } = crossed.packets.closed;
    if (cut > 0 && !cutShort) throw differ(`wire.${direction}`, crossed.packets.end, 'its last packet is not whole');
    if (after.bytes > atMost && !wentOn(options))
      throw differ(
        `wire.${direction}`,
        crossed.packets.end - after.bytes,
        `${after.bytes} bytes crossed after an exchange whose secret was not kept`,
      );
  }
  if (output.left > 0)
    throw differ('output', output.offset - output.left, `${output.left} bytes were recorded that did not cross`);
  if (from.more > 0 && (!cutShort || from.more > onItsWay) && !wentOn(options))
    throw differ('output', output.offset, `${from.more} bytes crossed after the last that was recorded`);
  if (to.more > 0 && !wentOn(options))
    throw differ('input', input.offset, `${to.more} bytes were sent after the last that was recorded`);
  const numbers = [from.facts.ours, to.facts.ours, from.facts.theirs, to.facts.theirs];
  const [ours, oursSaid, theirs, theirsSaid] = numbers;
  if ((ours !== null && ours !== oursSaid) || (theirsSaid !== null && theirsSaid !== theirs))
    throw differ('wire.to-target', 0, 'the two directions speak of different channels');
  checkTerminal(to.facts, output.resizes, options);
  const exit = from.facts.exitStatus;
  if (exit !== null && output.exit !== null && output.exit !== String(exit))
    throw differ('output', output.offset, `the program ended with ${exit} and ${output.exit} was recorded`);
}

/**
 * Holds the wire that the relay kept against the recording: every byte of the channel, the terminal's sizes and what was started. Reads all four sources
 * as streams, one direction after the other; memory does not grow with them. The secrets must have been checked before (`checkAnchorSecret`), and the
 * wire's digest against the receipts: here it is only opened. Throws what the sources throw.
 */
export async function compareWire(options: CompareOptions): Promise<WireComparison> {
  const output = new RecordedOutput(options.output);
  const input = new RecordedInput(options.input);
  const nothing = (): Closed => ({ before: { packets: 0, bytes: 0 }, after: { packets: 0, bytes: 0 }, cut: 0 });
  const closed = { toTarget: nothing(), fromTarget: nothing() };
  let difference: WireDifference | null = null;
  let crossed: { from: Crossed; to: Crossed } | null = null;
  const { exchanges } = options;
  if (exchanges.length > 0) {
    try {
      const keys = (direction: 'toTarget' | 'fromTarget') => exchanges.map((exchange) => exchange[direction]);
      const from = await follow('from-target', options.fromTarget, keys('fromTarget'), output);
      closed.fromTarget = from.packets.closed;
      const to = await follow('to-target', options.toTarget, keys('toTarget'), input);
      closed.toTarget = to.packets.closed;
      checkEnds(options, from, to, output, input);
      crossed = { from, to };
    } catch (error) {
      if (error instanceof Difference) difference = error.at;
      else if (error instanceof WireFault)
        difference = { stream: `wire.${error.direction}`, offset: error.offset, what: error.message };
      else throw error;
    } finally {
      // A stream that was not read to its end holds its file open.
      for (const source of [options.toTarget, options.fromTarget]) if (source instanceof Readable) source.destroy();
    }
  }
  return {
    equal: crossed !== null,
    difference,
    outputBytes: output.met,
    inputBytes: input.met,
    resizes: crossed?.to.facts.resizes.length ?? 0,
    announcedBytes: output.announced,
    notRecorded: crossed?.from.more ?? 0,
    notSent: input.left,
    closed,
  };
}
