import { type EventCounts, eventCodes, isEventCode } from './events.ts';
import {
  type AnchorLine,
  anchorLineSchema,
  type EndLine,
  endLineSchema,
  type ManifestHeader,
  manifestHeaderSchema,
  manifestVersion,
  type ReceiptLine,
  receiptLineSchema,
  type SegmentLine,
  segmentLineSchema,
} from './manifest.ts';

/**
 * The grammar of a manifest's lines, version 1. Every line ends with a line feed and has exactly one form: a reader formats what it
 * understood and compares, so two texts never mean the same.
 *
 *   sallyport-recording 1
 *   <key> <JSON>                       once per key of the header, in order
 *   segment <stream> <seq> <file> <sha256> <bytes> <t0> <t1> <events> <frames> <previous> <why>
 *   anchor <seq> <file> <sha256> <bytes> <at> <subject> <lines> <previous>
 *   receipt <lines> <sha256> <previous>
 *   end <previous> <output bytes> <output segments> <input bytes> <input segments> <text segments> <anchors> <frames> <chain> <at> <kind> <JSON text>
 *
 * <events> is `o:12,r:1` in the order o i r m x, or `-`.
 */
export const firstLine = `sallyport-recording ${manifestVersion}`;
export const headerKeys = Object.keys(manifestHeaderSchema.shape) as (keyof ManifestHeader)[];
/** Lines of the header with the first one. */
export const headerLines = headerKeys.length + 1;

/** The header's text. Objects are written with their keys in the schema's order, whatever the caller's was. */
export function formatHeader(header: ManifestHeader): string {
  const ordered = manifestHeaderSchema.parse(header);
  return `${[firstLine, ...headerKeys.map((key) => `${key} ${JSON.stringify(ordered[key])}`)].join('\n')}\n`;
}

/** The value of one header line, or undefined when it is not that key's only form. */
export function parseHeaderLine(key: keyof ManifestHeader, line: string): unknown {
  if (!line.startsWith(`${key} `)) return undefined;
  try {
    const parsed = manifestHeaderSchema.shape[key].safeParse(JSON.parse(line.slice(key.length + 1)));
    return parsed.success && `${key} ${JSON.stringify(parsed.data)}` === line ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

function formatCounts(events: EventCounts): string {
  const parts = eventCodes.filter((code) => (events[code] ?? 0) > 0).map((code) => `${code}:${events[code]}`);
  return parts.length === 0 ? '-' : parts.join(',');
}

function parseCounts(text: string): EventCounts {
  const out: EventCounts = {};
  if (text === '-') return out;
  for (const part of text.split(',')) {
    const [code = '', number = ''] = part.split(':');
    if (isEventCode(code)) out[code] = Number(number);
  }
  return out;
}

export function formatSegmentLine(line: SegmentLine): string {
  const { stream, seq, file, sha256, bytes, t0, t1, events, frames, previous, why } = line;
  return `segment ${stream} ${seq} ${file} ${sha256} ${bytes} ${t0} ${t1} ${formatCounts(events)} ${frames} ${previous} ${why}\n`;
}

/** The line's meaning, or null when it has another form. Takes the line without its line feed. */
export function parseSegmentLine(text: string): SegmentLine | null {
  const [word, stream, seq, file, sha256, bytes, t0, t1, events = '', frames, previous, why] = text.split(' ');
  if (word !== 'segment') return null;
  const parsed = segmentLineSchema.safeParse({
    stream,
    seq: Number(seq),
    file,
    sha256,
    bytes: Number(bytes),
    t0: Number(t0),
    t1: Number(t1),
    events: parseCounts(events),
    frames: Number(frames),
    previous,
    why,
  });
  return parsed.success && formatSegmentLine(parsed.data) === `${text}\n` ? parsed.data : null;
}

export function formatAnchorLine(line: AnchorLine): string {
  const { seq, file, sha256, bytes, at, subject, lines, previous } = line;
  return `anchor ${seq} ${file} ${sha256} ${bytes} ${at} ${subject} ${lines} ${previous}\n`;
}

/** As `parseSegmentLine`, for an anchor line. */
export function parseAnchorLine(text: string): AnchorLine | null {
  const [word, seq, file, sha256, bytes, at, subject, lines, previous] = text.split(' ');
  if (word !== 'anchor') return null;
  const parsed = anchorLineSchema.safeParse({
    seq: Number(seq),
    file,
    sha256,
    bytes: Number(bytes),
    at: Number(at),
    subject,
    lines: Number(lines),
    previous,
  });
  return parsed.success && formatAnchorLine(parsed.data) === `${text}\n` ? parsed.data : null;
}

export function formatReceiptLine(line: ReceiptLine): string {
  return `receipt ${line.lines} ${line.sha256} ${line.previous}\n`;
}

/** As `parseSegmentLine`, for a receipt line. */
export function parseReceiptLine(text: string): ReceiptLine | null {
  const [word, lines, sha256, previous] = text.split(' ');
  if (word !== 'receipt') return null;
  const parsed = receiptLineSchema.safeParse({ lines: Number(lines), sha256, previous });
  return parsed.success && formatReceiptLine(parsed.data) === `${text}\n` ? parsed.data : null;
}

export function formatEndLine(line: EndLine): string {
  const streams = [line.outputBytes, line.outputSegments, line.inputBytes, line.inputSegments, line.textSegments];
  const counts = [...streams, line.anchors, line.frames].join(' ');
  return `end ${line.previous} ${counts} ${line.chain} ${line.at} ${line.kind} ${JSON.stringify(line.reason)}\n`;
}

/** As `parseSegmentLine`, for the end line. */
export function parseEndLine(text: string): EndLine | null {
  const fields = text.split(' ');
  if (fields[0] !== 'end') return null;
  const [, previous, outputBytes, outputSegments, inputBytes, inputSegments, textSegments] = fields;
  const [anchors, frames, chain, at, kind] = fields.slice(7);
  try {
    const parsed = endLineSchema.safeParse({
      previous,
      outputBytes: Number(outputBytes),
      outputSegments: Number(outputSegments),
      inputBytes: Number(inputBytes),
      inputSegments: Number(inputSegments),
      textSegments: Number(textSegments),
      anchors: Number(anchors),
      frames: Number(frames),
      chain,
      at,
      kind,
      reason: JSON.parse(fields.slice(12).join(' ')),
    });
    return parsed.success && formatEndLine(parsed.data) === `${text}\n` ? parsed.data : null;
  } catch {
    return null;
  }
}
