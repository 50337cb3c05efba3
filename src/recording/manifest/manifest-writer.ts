import { createHash, type Hash } from 'node:crypto';
import type { EndLine, ManifestHeader, SegmentLine } from '../../shared/record/manifest.ts';
import { formatEndLine, formatHeader, formatSegmentLine } from '../../shared/record/manifest-lines.ts';

/** Builds a manifest's text line by line and keeps its chain. It only ever grows. */
export class ManifestWriter {
  private readonly parts: string[];
  private readonly hash: Hash = createHash('sha256');
  private ended = false;

  constructor(header: ManifestHeader) {
    const text = formatHeader(header);
    this.parts = [text];
    this.hash.update(text);
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

  /** Adds the end line; nothing may follow. */
  end(line: Omit<EndLine, 'previous'>): void {
    this.add(formatEndLine({ ...line, previous: this.head() }));
    this.ended = true;
  }

  private head(): string {
    return this.hash.copy().digest('hex');
  }

  private add(text: string): void {
    if (this.ended) throw new Error('the manifest has its end');
    this.parts.push(text);
    this.hash.update(text);
  }
}
