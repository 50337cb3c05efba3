import { Readable } from 'node:stream';
import type { RecordedEvent } from '../../shared/record/events.ts';
import type { WireDirection } from '../../shared/record/wire.ts';
import type { DirectionKeys } from './anchor-exchange.ts';
import { ChannelReader } from './wire-channel.ts';
import { type Crossed, checkEnds, Difference, differ, type EndsOptions, type WireDifference } from './wire-ends.ts';
import { type Closed, PacketReader, WireFault } from './wire-packets.ts';
import { RecordedInput, RecordedOutput, type RecordedStream } from './wire-record.ts';

export type { WireDifference } from './wire-ends.ts';
export type { Closed, NotOpened } from './wire-packets.ts';

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
  /** Bytes that crossed and are not recorded: output on its way when the session was cut; both of a session that outlived its record. */
  notRecorded: { output: number; input: number };
  /** Input that was recorded and did not cross any more; sizes as well. */
  notSent: { input: number; sizes: number };
  /** The last kept exchange opened nothing in either direction: nothing shows that it was on this connection. */
  lastUnused: boolean;
  closed: { toTarget: Closed; fromTarget: Closed };
}

export interface CompareOptions extends EndsOptions {
  toTarget: AsyncIterable<Uint8Array>;
  fromTarget: AsyncIterable<Uint8Array>;
  /** The keys of the kept exchanges (`exchangeKeys`), in order. */
  exchanges: readonly { toTarget: DirectionKeys; fromTarget: DirectionKeys }[];
  output: AsyncIterable<RecordedEvent>;
  input: AsyncIterable<RecordedEvent>;
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
      checkEnds(options, { from, to }, output, input);
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
    notRecorded: { output: crossed?.from.more ?? 0, input: crossed?.to.more ?? 0 },
    notSent: {
      input: input.left,
      sizes: Math.max(0, output.resizes.length - (crossed?.to.facts.resizes.length ?? output.resizes.length)),
    },
    lastUnused: crossed !== null && crossed.from.packets.unused > 0 && crossed.to.packets.unused > 0,
    closed,
  };
}
