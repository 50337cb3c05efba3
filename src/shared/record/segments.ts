import type { KeyedStream } from '../model/recording.ts';

/** A segment is cut when its event text reaches this, */
export const segmentTextBytes = 262_144;
/** or this long after its first event, */
export const segmentMs = 300_000;
/** but only where the terminal's parser is in its ground state and no character is cut. Beyond this size it is cut all the same. */
export const segmentTextBytesAtMost = 524_288;
/** Longest data of one output or input event; longer bytes become several events. */
export const eventBytesAtMost = 65_536;
/**
 * No decoder needs to accept more text in one segment: the limit above and one event whose every byte takes six characters as JSON come
 * to less. What claims more is refused before it is decompressed.
 */
export const segmentTextBytesRefused = 4_194_304;
/** Upper bound of a stored segment: text that does not compress, and age's overhead. */
export const segmentStoredBytesRefused = segmentTextBytesRefused + 65_536;

const extensions: Record<KeyedStream, string> = {
  output: 'cast.zst.age',
  input: 'input.cast.zst.age',
  text: 'text.zst.age',
};

/** `000012.cast.zst.age`, `000012.input.cast.zst.age` or `000012.text.zst.age`; anchors: anchors.ts. */
export function segmentFile(stream: KeyedStream, seq: number): string {
  return `${String(seq).padStart(6, '0')}.${extensions[stream]}`;
}

/**
 * Why a segment was closed. `forced`: at the upper bound of its size, although the parser was inside a sequence. `keys`: input, together with the output's
 * segment after which the journal's keys change.
 */
export const closeReasons = ['size', 'time', 'forced', 'keys', 'end'] as const;
export type CloseReason = (typeof closeReasons)[number];

/** zstd levels: the slower one pays below this rate of event text. */
export const zstdLevel = 9;
export const zstdFloodLevel = 3;
export const floodBytesPerSecond = 5_000_000;
