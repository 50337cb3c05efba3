import type { InsideBuffer } from '../screen/xterm-inside.ts';
import { lineEndingAt, lineToCursor } from './rows.ts';

/** Enters that wait for their lines. */
export const entersAtMost = 100;

/**
 * Finds commands on the screen: only what stands there, so a password that is not echoed is in none. Where the shell marks its prompts (OSC 133: A prompt,
 * B command, C output, D done) by these; else by the line that the cursor leaves after Enter, behind what stood before the first key.
 */
export class Commands {
  private prompt = '';
  private isTyping = false;
  private enters = 0;
  private hasMarks = false;
  /** Lines entered since mark B; null outside of a command. */
  private entered: string[] | null = null;

  /** Something was typed, with so many Enters in it. Called before the output of the same millisecond. */
  typed(buffer: InsideBuffer, enters: number): void {
    if (this.hasMarks) return;
    if (!this.isTyping) {
      const prompt = lineToCursor(buffer);
      // What is typed ahead, while a program still writes, meets no prompt: the one before comes again.
      if (prompt.trim() !== '') this.prompt = prompt;
    }
    this.isTyping = enters === 0;
    this.enters = Math.min(this.enters + enters, entersAtMost);
  }

  /** The cursor has left a line, which now ends in the row above it. Returns the command that it was, or null. */
  lineLeft(buffer: InsideBuffer): string | null {
    if (this.hasMarks) {
      if (this.entered !== null) this.entered.push(this.behindPrompt(buffer) ?? lineEndingAt(buffer, buffer.y - 1));
      if (this.entered !== null && this.entered.length > entersAtMost) this.entered = null;
      return null;
    }
    if (this.enters === 0) return null;
    const command = this.behindPrompt(buffer);
    if (command === null) return null;
    this.enters -= 1;
    return command.trimEnd() === '' ? null : command.trimEnd();
  }

  /** OSC 133. Returns what it tells, or null. */
  mark(buffer: InsideBuffer, data: string): { command: string } | { status: number } | null {
    const [kind = '', value = ''] = data.split(';');
    if (kind === 'B') {
      this.hasMarks = true;
      this.prompt = lineToCursor(buffer);
      this.entered = [];
    } else if (kind === 'A') {
      this.entered = null;
    } else if (kind === 'C' && this.entered !== null) {
      const command = this.entered.map((line) => line.trimEnd()).join('\n');
      this.entered = null;
      return command.trim() === '' ? null : { command };
    } else if (kind === 'D' && this.hasMarks && /^-?\d{1,9}$/.test(value)) {
      return { status: Number(value) };
    }
    return null;
  }

  private behindPrompt(buffer: InsideBuffer): string | null {
    if (this.prompt === '') return null;
    const line = lineEndingAt(buffer, buffer.y - 1);
    return line.startsWith(this.prompt) ? line.slice(this.prompt.length) : null;
  }
}
