/**
 * Passes values on at most once per `intervalMs`: the first at once, then the newest of each interval, so that the last value always arrives.
 */
export class Throttle<T> {
  private timer: NodeJS.Timeout | null = null;
  private waiting: { value: T } | null = null;
  private readonly intervalMs: number;
  private readonly pass: (value: T) => void;

  constructor(intervalMs: number, pass: (value: T) => void) {
    this.intervalMs = intervalMs;
    this.pass = pass;
  }

  offer(value: T): void {
    if (this.timer !== null) {
      this.waiting = { value };
      return;
    }
    this.pass(value);
    this.timer = setTimeout(() => {
      this.timer = null;
      const next = this.waiting;
      this.waiting = null;
      if (next !== null) this.offer(next.value);
    }, this.intervalMs);
  }

  /** Passes a waiting value now and forgets the interval. */
  flush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (this.waiting !== null) this.pass(this.waiting.value);
    this.waiting = null;
  }
}
