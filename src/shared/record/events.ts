import type { Stream } from '../model/recording.ts';

/**
 * Events of a recording, as asciicast v3 names them: `o` output, `i` input, `r` resize ("COLSxROWS"), `m` marker (a small JSON text,
 * markers.ts), `x` exit status.
 */
export const eventCodes = ['o', 'i', 'r', 'm', 'x'] as const;
export type EventCode = (typeof eventCodes)[number];

export function isEventCode(value: string): value is EventCode {
  return (eventCodes as readonly string[]).includes(value);
}

/** Input has a stream, and readers, of its own: keystrokes hold passwords. Everything else is output. */
export function streamOf(code: EventCode): Stream {
  return code === 'i' ? 'input' : 'output';
}

/** How many events of each code; a code that does not occur is absent. */
export type EventCounts = Partial<Record<EventCode, number>>;

/** An event with its bytes. `atMs`: whole milliseconds since the start of the recording. `r`, `m` and `x` data are UTF-8 text. */
export interface RecordedEvent {
  atMs: number;
  code: EventCode;
  data: Uint8Array;
}

/** The header line of an asciicast v3 file (docs.asciinema.org/manual/asciicast/v3). */
export interface CastHeader {
  version: 3;
  term: { cols: number; rows: number; type: string };
  /** Unix seconds */
  timestamp: number;
}
