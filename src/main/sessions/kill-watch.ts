/**
 * The nested time limits of an end that main has asked for (protocol.md, "Order of a kill"), in milliseconds from the asking:
 * a healthy process closes its socket in a few ms; 250 without it is worth a line in the log; at 1 s a stopped or looping process is
 * killed, because the kernel then closes the socket. With the socket closed the process gives its record 5 s; main's limit lies just outside that one.
 */
export const killLimits = { overdueMs: 250, socketMs: 1000, sealMs: 5500 } as const;

/** The same for a disconnect by the person or by quitting: nothing hostile, but still never an unmanaged session. */
export const disconnectLimits = { overdueMs: 500, socketMs: 6000, sealMs: 6000 } as const;

export type Limits = { overdueMs: number; socketMs: number; sealMs: number };

export interface EndWatch {
  /** Monotonic milliseconds at which the end was asked for. */
  askedAt: number;
  socketClosed: boolean;
  overdueSaid: boolean;
  limits: Limits;
}

export type WatchStep =
  | { act: 'wait'; ms: number }
  | { act: 'say-overdue' }
  | { act: 'sigkill'; because: 'socket-open' | 'record-unsealed' };

/** What to do at monotonic time `now` while the process has not ended. Pure. */
export function watchStep(watch: EndWatch, now: number): WatchStep {
  const { overdueMs, socketMs, sealMs } = watch.limits;
  const passed = now - watch.askedAt;
  if (passed >= sealMs) return { act: 'sigkill', because: watch.socketClosed ? 'record-unsealed' : 'socket-open' };
  if (watch.socketClosed) return { act: 'wait', ms: sealMs - passed };
  if (passed >= socketMs) return { act: 'sigkill', because: 'socket-open' };
  if (passed >= overdueMs && !watch.overdueSaid) return { act: 'say-overdue' };
  return { act: 'wait', ms: (watch.overdueSaid ? socketMs : overdueMs) - passed };
}
