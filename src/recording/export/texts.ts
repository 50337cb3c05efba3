import { SallyportError } from '../../shared/errors/result.ts';
import { type TextEntry, textEntrySchema } from '../../shared/record/text-lines.ts';
import { openedTexts, PartProblem } from '../verify/open-segments.ts';
import type { OpenableRecording } from '../verify/source.ts';
import { partPlace } from '../verify/verify-parts.ts';

/**
 * What could be read on the screen, from the text sidecars, in order. It is what the endpoint says; `verifyRecording` compares it with the output. Throws PartProblem
 * (SP-3030) at the first sidecar that is not what the manifest names, does not open or has another form.
 */
export async function* textEntries(recording: OpenableRecording): AsyncGenerator<TextEntry> {
  for await (const { line, text } of openedTexts(recording, 'text')) {
    const [, ...entries] = Buffer.from(text).toString('utf8').trimEnd().split('\n');
    for (const entry of entries) yield readEntry(entry, partPlace('text', line));
  }
}

function readEntry(text: string, place: string): TextEntry {
  try {
    return textEntrySchema.parse(JSON.parse(text));
  } catch (cause) {
    if (cause instanceof SallyportError) throw cause;
    throw new PartProblem(place, 'holds a line that is no entry of a text');
  }
}

/** `01:02:03.004`, hours as many as they are. */
export function clock(ms: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const seconds = Math.floor(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return `${two(hours)}:${two(minutes)}:${two(seconds % 60)}.${String(ms % 1000).padStart(3, '0')}`;
}

/** A screen's lines hold no control characters, but the words of this text came from an endpoint. */
export function harmless(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd');
}

/** The transcript: each line as it was seen, with its time. Yields lines. Throws as `textEntries`. */
export async function* transcript(recording: OpenableRecording): AsyncGenerator<string> {
  for await (const entry of textEntries(recording)) {
    if ('line' in entry) yield `${clock(entry.t)}  ${harmless(entry.line)}\n`;
    else if ('gap' in entry) yield `${clock(entry.t)}  [no text from here: ${harmless(entry.gap)}]\n`;
  }
}

/**
 * The commands as JSON lines: `{"at": ISO 8601, "t": ms, "command": text, "status": number or null}`. The status is that which the shell's marks told
 * before the next command. Yields lines. Throws as `textEntries`.
 */
export async function* commands(recording: OpenableRecording): AsyncGenerator<string> {
  const started = Date.parse(recording.manifest.header.started);
  let open: { t: number; command: string; status: number | null } | null = null;
  const told = (command: NonNullable<typeof open>) => {
    const { t, ...rest } = command;
    return `${JSON.stringify({ at: new Date(started + t).toISOString(), t, ...rest })}\n`;
  };
  for await (const entry of textEntries(recording)) {
    if ('command' in entry) {
      if (open !== null) yield told(open);
      open = { t: entry.t, command: entry.command, status: null };
    } else if ('status' in entry && open !== null && open.status === null) {
      open.status = entry.status;
    }
  }
  if (open !== null) yield told(open);
}
