import type { RecordMode } from '../../shared/model/session.ts';
import type { EndLine } from '../../shared/record/manifest.ts';
import type { WireDirection } from '../../shared/record/wire.ts';
import { type ChannelFacts, mayHaveMore, type TerminalSize, windowAtMost } from './wire-channel.ts';
import type { PacketReader } from './wire-packets.ts';
import type { RecordedInput, RecordedOutput } from './wire-record.ts';

/** Where wire and record first differ. */
export interface WireDifference {
  /** `output`, `input`: of the record, with an offset in that stream's bytes. `wire.*`: of the kept file. `terminal`: sizes and requests, by their number. */
  stream: 'output' | 'input' | 'terminal' | `wire.${WireDirection}`;
  offset: number;
  what: string;
}

export class Difference extends Error {
  readonly at: WireDifference;

  constructor(at: WireDifference) {
    super(at.what);
    this.at = at;
  }
}

export function differ(stream: WireDifference['stream'], offset: number, what: string): Difference {
  return new Difference({ stream, offset, what });
}

/** One direction, read to its end. */
export interface Crossed {
  facts: ChannelFacts;
  packets: PacketReader;
  /** Bytes that crossed beyond the record's end. */
  more: number;
}

/** What of the recording the ends are held against. */
export interface EndsOptions {
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
/** From the target, under keys that were never kept because the session was cut in the middle of an exchange, beside output on its way. */
const outputAfterAtMost = 65_536;
/** To the target: what exchanges themselves need, beside what was recorded as typed and may be in there. */
const inputAfterAtMost = { alone: 8_192, withRecorded: 65_536 };
/** What a session lets wait for the target: beyond the target's window 16 MiB, and one event. */
const inputWaitsAtMost = 16_777_216 + 65_536;
/** Changes of the terminal's size that a connection which hung may have kept from the target until it was cut. */
const sizesOnTheWay = 64;

/** Whether the session went on after its record, by policy. */
export function wentOn({ mode, end }: Pick<EndsOptions, 'mode' | 'end'>): boolean {
  return mode === 'best-effort' && end?.kind === 'recorder-failed';
}

/** What only the end of both directions shows. Throws `Difference`. */
export function checkEnds(
  options: EndsOptions,
  crossed: { from: Crossed; to: Crossed },
  output: RecordedOutput,
  input: RecordedInput,
): void {
  const { from, to } = crossed;
  const cutShort = mayHaveMore(options.end?.kind ?? null);
  checkPackets(options, crossed, output, input);
  checkChannel(crossed);
  const outputAfter = cutShort ? from.packets.closed.after.bytes : 0;
  if (output.left > outputAfter)
    throw differ('output', output.offset - output.left, `${output.left} bytes were recorded that did not cross`);
  const onItsWay = cutShort ? windowsOnTheWay * to.facts.window : 0;
  if (from.more > onItsWay && !wentOn(options))
    throw differ('output', output.offset, `${from.more} bytes crossed after the last that was recorded`);
  if (to.more > 0 && !wentOn(options))
    throw differ('input', input.offset, `${to.more} bytes were sent after the last that was recorded`);
  checkUnsent(crossed, input, saidGoodbye(options, to));
  checkTerminal(options, crossed, output.resizes);
  checkExit(crossed, output, cutShort);
}

/** The program ended, and the launcher closed the channel after everything that it had sent. */
function saidGoodbye({ end }: EndsOptions, to: Crossed): boolean {
  return !mayHaveMore(end?.kind ?? null) && to.facts.closed;
}

function checkPackets(
  options: EndsOptions,
  { from, to }: { from: Crossed; to: Crossed },
  output: RecordedOutput,
  input: RecordedInput,
): void {
  const cutShort = mayHaveMore(options.end?.kind ?? null);
  const { alone, withRecorded } = inputAfterAtMost;
  for (const [direction, { packets }, record, afterAtMost] of [
    ['from-target', from, output, windowsOnTheWay * to.facts.window + outputAfterAtMost],
    ['to-target', to, input, Math.min(withRecorded, alone + input.left)],
  ] as const) {
    const { after, cut } = packets.closed;
    if (!packets.openedAny && (!cutShort || record.offset > 0))
      throw differ(`wire.${direction}`, 0, 'no packet opens with the first kept secret');
    if (cut > 0 && !cutShort) throw differ(`wire.${direction}`, packets.end, 'its last packet is not whole');
    // An exchange that was kept is over: the target's side of it crossed. The launcher's may have been cut off, and neither has to say anything after it.
    const mayBeUnused = packets.turning || (cutShort && (direction === 'to-target' || !packets.openedAny));
    if (packets.unused > (mayBeUnused ? 1 : 0))
      throw differ(`wire.${direction}`, packets.end, 'an anchor is of an exchange that did not cross here');
    if (after.bytes > (cutShort ? afterAtMost : 0) && !wentOn(options))
      throw differ(
        `wire.${direction}`,
        packets.end - after.bytes,
        `${after.bytes} bytes crossed after an exchange whose secret was not kept`,
      );
  }
}

function checkChannel({ from, to }: { from: Crossed; to: Crossed }): void {
  const [ours, oursSaid, theirs, theirsSaid] = [from.facts.ours, to.facts.ours, from.facts.theirs, to.facts.theirs];
  if ((ours !== null && ours !== oursSaid) || (theirsSaid !== null && theirsSaid !== theirs))
    throw differ('wire.to-target', 0, 'the two directions speak of different channels');
  const open = to.facts.granted - from.facts.sent - from.packets.closed.after.bytes;
  if (open > windowAtMost)
    throw differ(
      'wire.to-target',
      to.packets.end,
      `the target was let send ${open} bytes at once, which no session does`,
    );
}

/** Input that was recorded and not sent. After a goodbye all was sent that the target had room for. */
function checkUnsent({ from, to }: { from: Crossed; to: Crossed }, input: RecordedInput, goodbye: boolean): void {
  const room = Math.max(0, from.facts.granted - to.facts.sent);
  const atMost = goodbye && room > 0 ? 0 : room + inputWaitsAtMost;
  if (input.left > atMost)
    throw differ('input', input.offset - input.left, `${input.left} bytes were recorded that were not sent`);
}

function asText(size: TerminalSize | undefined): string {
  return size === undefined ? 'none' : `${size.cols}x${size.rows}`;
}

function checkTerminal(options: EndsOptions, { to }: { to: Crossed }, recorded: readonly TerminalSize[]): void {
  const { terminal, started, resizes } = to.facts;
  if (started !== null && terminal === null) throw differ('terminal', 0, 'the program was started without a terminal');
  if (options.terminal !== undefined && terminal !== null) {
    if (terminal.term !== options.terminal.term) throw differ('terminal', 0, 'another kind of terminal was asked for');
    // A screen that changed while the session was being opened is recorded and sent right after.
    const [asked, said] = [asText(terminal), asText(options.terminal)];
    if (asked !== said && asked !== asText(recorded[0]))
      throw differ('terminal', 0, `a terminal of ${asked} was asked for and ${said} recorded`);
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
  const unsent = recorded.length - resizes.length;
  if (unsent > (saidGoodbye(options, to) ? 0 : sizesOnTheWay))
    throw differ('terminal', resizes.length + 1, `${unsent} sizes were recorded that the target was not told`);
}

/** How the program ended: of a session that was cut the record may not say it, or it crossed under keys that were not kept. */
function checkExit({ from }: { from: Crossed }, output: RecordedOutput, cutShort: boolean): void {
  const { exit } = from.facts;
  const recorded = output.exit === '' ? null : output.exit;
  if (exit === recorded || (cutShort && recorded === null)) return;
  if (cutShort && exit === null && from.packets.closed.after.bytes > 0) return;
  throw differ(
    'output',
    output.offset,
    `the program ended with ${exit ?? 'nothing said'} and ${recorded ?? 'nothing'} was recorded`,
  );
}
