import { createHash } from 'node:crypto';
import { SallyportError } from '../../shared/errors/result.ts';
import type { KeyedStream } from '../../shared/model/recording.ts';
import { anchorFile } from '../../shared/record/anchors.ts';
import {
  type AnchorLine,
  type EndLine,
  type Manifest,
  type ManifestHeader,
  manifestHeaderSchema,
  manifestVersion,
  type ReceiptLine,
  type SegmentLine,
} from '../../shared/record/manifest.ts';
import {
  firstLine,
  headerKeys,
  headerLines,
  parseAnchorLine,
  parseEndLine,
  parseHeaderLine,
  parseReceiptLine,
  parseSegmentLine,
} from '../../shared/record/manifest-lines.ts';
import { segmentFile } from '../../shared/record/segments.ts';

/** `line` counts from 1. */
export function manifestProblem(line: number, what: string): SallyportError {
  return new SallyportError(
    'SP-3023',
    `Line ${line} of the manifest ${what}. The recording was not accepted; compare it with another copy.`,
    {
      facts: { line: String(line) },
    },
  );
}

function checkVersion(lines: string[]): void {
  if (lines[0] === firstLine) return;
  const version = /^sallyport-recording (\d+)$/.exec(lines[0] ?? '')?.[1];
  throw manifestProblem(
    1,
    version === undefined
      ? 'does not begin a recording'
      : Number(version) < manifestVersion
        ? `is of version ${version}, which was not final and is not read any more`
        : `is of version ${version}, which this program does not know`,
  );
}

function parseHeader(lines: string[]): ManifestHeader {
  const values: Record<string, unknown> = {};
  headerKeys.forEach((key, index) => {
    const value = parseHeaderLine(key, lines[index + 1] ?? '');
    if (value === undefined) throw manifestProblem(index + 2, `is not the "${key}" fact it should be`);
    values[key] = value;
  });
  return manifestHeaderSchema.parse(values);
}

/** Checks what one stream's segment lines say against each other: no gap, no overlap, the file's name. */
function checkOrder(segment: SegmentLine, last: SegmentLine | undefined, line: number): void {
  const expected = last === undefined ? 0 : last.seq + 1;
  if (segment.seq !== expected)
    throw manifestProblem(line, `names ${segment.stream} segment ${segment.seq} where ${expected} should be`);
  if (segment.file !== segmentFile(segment.stream, segment.seq))
    throw manifestProblem(line, 'names another file than its segment has');
  if (segment.t1 < segment.t0) throw manifestProblem(line, 'ends before it begins');
  if (last === undefined) return;
  if (segment.t0 < last.t1) throw manifestProblem(line, 'begins before the segment ahead of it ends');
  if (segment.frames < last.frames)
    throw manifestProblem(line, 'covers less of the journal than the segment ahead of it');
}

function checkEnd(end: EndLine, segments: SegmentLine[], anchors: AnchorLine[], line: number): void {
  const of = (stream: KeyedStream) => segments.filter((segment) => segment.stream === stream).length;
  if (
    end.outputSegments !== of('output') ||
    end.inputSegments !== of('input') ||
    end.textSegments !== of('text') ||
    end.anchors !== anchors.length
  ) {
    throw manifestProblem(line, 'counts other segments or anchors than the manifest lists');
  }
}

/** `line` counts from 1; an anchor covers lines before its own only. */
function checkAnchor(anchor: AnchorLine, last: AnchorLine | undefined, line: number): void {
  if (anchor.seq !== (last === undefined ? 0 : last.seq + 1))
    throw manifestProblem(line, `names anchor ${anchor.seq} where another should be`);
  if (last === undefined && anchor.subject !== 'grant')
    throw manifestProblem(line, 'is the first anchor and not that of the grant');
  if (anchor.file !== anchorFile(anchor.seq)) throw manifestProblem(line, 'names another file than its anchor has');
  const covers = anchor.subject === 'grant' ? anchor.lines === 0 : anchor.lines >= headerLines && anchor.lines < line;
  if (!covers) throw manifestProblem(line, 'covers lines that an anchor there cannot cover');
  if (last !== undefined && (anchor.at < last.at || anchor.lines < last.lines))
    throw manifestProblem(line, 'is older than the anchor ahead of it');
}

function checkReceipt(receipt: ReceiptLine, last: ReceiptLine | undefined, line: number): void {
  if (receipt.lines < headerLines || receipt.lines >= line)
    throw manifestProblem(line, 'is a receipt for lines that were not there yet');
  if (last !== undefined && receipt.lines <= last.lines)
    throw manifestProblem(line, 'is a receipt older than the one ahead of it');
}

/**
 * Reads a manifest's text: every line in its only form, every `previous` right, no gap, nothing after the end. Says nothing about its
 * signature. Throws SP-3023 with the line's number.
 */
export function parseManifest(text: string): Manifest {
  if (!text.endsWith('\n')) throw manifestProblem(text.split('\n').length, 'is cut short');
  const lines = text.slice(0, -1).split('\n');
  checkVersion(lines);
  const header = parseHeader(lines);
  const segments: SegmentLine[] = [];
  const anchors: AnchorLine[] = [];
  const receipts: ReceiptLine[] = [];
  const last: Partial<Record<KeyedStream, SegmentLine>> = {};
  let end: EndLine | null = null;
  const hash = createHash('sha256');
  const heads = [hash.copy().digest('hex')];
  lines.forEach((line, index) => {
    if (index >= headerLines) {
      if (end !== null) throw manifestProblem(index + 1, 'comes after the end');
      const segment = parseSegmentLine(line);
      const anchor = parseAnchorLine(line);
      const receipt = parseReceiptLine(line);
      const ending = parseEndLine(line);
      const previous = (segment ?? anchor ?? receipt ?? ending)?.previous;
      if (previous === undefined) throw manifestProblem(index + 1, 'is no segment, anchor, receipt or end');
      if (previous !== heads[index])
        throw manifestProblem(
          index + 1,
          'does not follow from the lines before it: one of them was changed, removed or moved',
        );
      if (segment !== null) {
        checkOrder(segment, last[segment.stream], index + 1);
        last[segment.stream] = segment;
        segments.push(segment);
      }
      if (anchor !== null) {
        checkAnchor(anchor, anchors.at(-1), index + 1);
        anchors.push(anchor);
      }
      if (receipt !== null) {
        checkReceipt(receipt, receipts.at(-1), index + 1);
        receipts.push(receipt);
      }
      if (ending !== null) {
        checkEnd(ending, segments, anchors, index + 1);
        end = ending;
      }
    }
    hash.update(`${line}\n`);
    heads.push(hash.copy().digest('hex'));
  });
  return { version: manifestVersion, text, header, segments, anchors, receipts, end, lines: lines.length, heads };
}
