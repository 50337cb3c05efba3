import { createHash, type Hash } from 'node:crypto';
import type { AnchorLine, EndLine, ManifestHeader, ReceiptLine, SegmentLine } from '../../shared/record/manifest.ts';
import {
  formatAnchorLine,
  formatEndLine,
  formatHeader,
  formatReceiptLine,
  formatSegmentLine,
  headerLines,
} from '../../shared/record/manifest-lines.ts';

/** Builds a manifest's text line by line and keeps its chain. It only ever grows. */
export class ManifestWriter {
  private readonly parts: string[];
  private readonly hash: Hash = createHash('sha256');
  private ended = false;
  /** Bytes of the text so far. */
  bytes = 0;
  /** The digest of the first n lines, from the header's last line on. */
  private readonly heads: string[];

  constructor(header: ManifestHeader) {
    const text = formatHeader(header);
    this.parts = [text];
    this.bytes = Buffer.byteLength(text);
    this.hash.update(text);
    this.heads = [this.head()];
  }

  get text(): string {
    return this.parts.join('');
  }

  /** Adds a segment line. Throws `Error` after the end. */
  segment(line: Omit<SegmentLine, 'previous'>): SegmentLine {
    const whole = { ...line, previous: this.head() };
    this.add(formatSegmentLine(whole));
    return whole;
  }

  /** Adds an anchor line. Throws `Error` after the end. */
  anchor(line: Omit<AnchorLine, 'previous'>): void {
    this.add(formatAnchorLine({ ...line, previous: this.head() }));
  }

  /** Adds a receipt line. Throws `Error` after the end. */
  receipt(line: Omit<ReceiptLine, 'previous'>): void {
    this.add(formatReceiptLine({ ...line, previous: this.head() }));
  }

  /** Number of lines so far and the digest of exactly these (hex): what an anchor names. */
  covered(): { lines: number; digest: string } {
    return { lines: this.lines, digest: this.head() };
  }

  /** The digest of the first `lines` lines, or null when there never were so many, or it is fewer than the header has. */
  headOf(lines: number): string | null {
    return this.heads[lines - headerLines] ?? null;
  }

  /** Adds the end line; nothing may follow. */
  end(line: Omit<EndLine, 'previous'>): void {
    this.add(formatEndLine({ ...line, previous: this.head() }));
    this.ended = true;
  }

  private get lines(): number {
    return headerLines + this.heads.length - 1;
  }

  private head(): string {
    return this.hash.copy().digest('hex');
  }

  private add(text: string): void {
    if (this.ended) throw new Error('the manifest has its end');
    this.parts.push(text);
    this.bytes += Buffer.byteLength(text);
    this.hash.update(text);
    this.heads.push(this.head());
  }
}
