/** In milliseconds, from the moment the target went: until the screen is not asked any more, until it is over, and until it is over for a record that is slow. */
export const drainTimes = { politely: 1500, over: 5000, look: 250, slow: 30_000 };

export interface Draining {
  /** The target has gone. What it sent before is still moved, but not for ever. */
  begin(): void;
  stop(): void;
}

/**
 * What a target sent before it went is shown as fast as the screen takes it, then without asking. A record that is slower than that is waited for: an exit says
 * that all of it was recorded.
 */
export function makeDraining(parts: {
  pump(): void;
  /** The screen's room is no reason to wait any more. */
  finish(): void;
  /** Whether something of the target was not moved yet. */
  holds(): boolean;
  /** Nothing more will be moved. Called when time is up; `whole`: nothing is left. */
  over(whole: boolean): void;
}): Draining {
  const timers: NodeJS.Timeout[] = [];

  function look(leftMs: number): void {
    const whole = !parts.holds();
    if (whole || leftMs <= 0) parts.over(whole);
    else timers.push(setTimeout(() => look(leftMs - drainTimes.look), drainTimes.look));
  }

  return {
    begin() {
      timers.push(setTimeout(parts.finish, drainTimes.politely));
      timers.push(setTimeout(() => look(drainTimes.slow - drainTimes.over), drainTimes.over));
      parts.pump();
    },
    stop() {
      for (const timer of timers.splice(0)) clearTimeout(timer);
    },
  };
}
