/** A row that changed in this many looks running is one that a program keeps rewriting (a clock, a load): it is told now and then. */
const restless = 8;
const restlessEvery = 16;

/** What stands on the alternate screen, told once while it stays. */
export class AlternateLines {
  private standing = new Set<string>();
  private rows: string[] = [];
  private readonly streaks: number[] = [];

  /** A program takes the screen: nothing of another one stands there. */
  begin(): void {
    this.standing = new Set();
    this.rows = [];
    this.streaks.length = 0;
  }

  /** The rows that are new since the last look. */
  look(rows: string[]): string[] {
    const fresh: string[] = [];
    const seen = new Set<string>();
    rows.forEach((text, row) => {
      const streak = text === this.rows[row] ? 0 : (this.streaks[row] ?? 0) + 1;
      this.streaks[row] = streak;
      if (text === '') return;
      const isTold = this.standing.has(text) || seen.has(text);
      seen.add(text);
      if (!isTold && (streak < restless || streak % restlessEvery === 0)) fresh.push(text);
    });
    this.standing = seen;
    this.rows = rows;
    return fresh;
  }
}
