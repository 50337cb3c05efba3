import { z } from 'zod';

/**
 * The text sidecar of an output segment, version 1: what could be read on the screen, for search. JSON lines: a header, then entries in the order in which they
 * became known. It is the endpoint's claim, and follows from the events of both streams (`textOf`), so whoever may open these can compute it anew.
 */
export const textVersion = 1;

export const textHeaderSchema = z.strictObject({
  'sallyport-text': z.literal(textVersion),
  session: z.string(),
  /** Number of the output segment that it belongs to. */
  segment: z.number().int().nonnegative(),
});
export type TextHeader = z.infer<typeof textHeaderSchema>;

/** Whole milliseconds since the start of the recording. */
const t = z.number().int().nonnegative();

/** `alternate`: seen on the alternate screen, where full-screen programs draw. */
const lineEntrySchema = z.strictObject({ t, line: z.string(), alternate: z.literal(true).optional() });
/**
 * What stood behind the prompt when it was entered. By the shell's marks (OSC 133) where it sets them, else by the line that the cursor left after Enter.
 */
const commandEntrySchema = z.strictObject({ t, command: z.string() });
/** The exit status of the command before, by the shell's marks. */
const statusEntrySchema = z.strictObject({ t, status: z.number().int() });
/** From here to the end of this segment, or for good, there is no text, and why. */
const gapEntrySchema = z.strictObject({ t, gap: z.string() });

export const textEntrySchema = z.union([lineEntrySchema, commandEntrySchema, statusEntrySchema, gapEntrySchema]);
export type TextEntry = z.infer<typeof textEntrySchema>;

/** A sidecar is not longer; what does not fit is a gap. */
export const textBytesAtMost = 1_048_576;
/** A line that wraps on and on is told in pieces of about this many characters. */
export const lineCharactersAtMost = 16_384;

export function formatTextHeader(header: Omit<TextHeader, 'sallyport-text'>): string {
  return `${JSON.stringify({ 'sallyport-text': textVersion, session: header.session, segment: header.segment })}\n`;
}

export function formatTextEntry(entry: TextEntry): string {
  return `${JSON.stringify(entry)}\n`;
}
