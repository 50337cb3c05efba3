import { formatTextEntry, formatTextHeader, type TextEntry, textBytesAtMost } from '../../shared/record/text-lines.ts';

/** The entries of the sidecar that is open, bounded. */
export class Told {
  private readonly session: string;
  private parts: string[] = [];
  private bytes = 0;
  private isFull = false;

  constructor(session: string) {
    this.session = session;
  }

  add(entry: TextEntry): void {
    if (this.isFull) return;
    const text = formatTextEntry(entry);
    const size = Buffer.byteLength(text);
    if (this.bytes + size > textBytesAtMost) {
      this.isFull = true;
      this.parts.push(formatTextEntry({ t: entry.t, gap: 'More text than is kept for one segment.' }));
      return;
    }
    this.parts.push(text);
    this.bytes += size;
  }

  /** The whole sidecar, header first. The next one is open and empty. */
  cut(segment: number): string {
    const text = formatTextHeader({ session: this.session, segment }) + this.parts.join('');
    this.parts = [];
    this.bytes = 0;
    this.isFull = false;
    return text;
  }
}
