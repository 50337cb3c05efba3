import { describe, expect, it } from 'vitest';
import type { LeasePayload } from '../shared/protocol/signed.ts';
import { makeLimits } from './limits.ts';

function makeLease(seq: number): LeasePayload {
  return {
    version: 1,
    sessionId: '3f0e5b1c-3b7e-4a55-9c0e-6a2f3c1d9b10',
    seq,
    issuedAt: '2026-11-24T10:00:00.000Z',
    durationMs: 10_000,
  };
}

function makeWorld(limits: { maxSeconds?: number; idleSeconds?: number | null } = {}) {
  const log: string[] = [];
  const now = { monotonicMs: 50, wallMs: 1_000_050 };
  const watch = makeLimits({
    lease: makeLease(0),
    maxSeconds: limits.maxSeconds ?? 3600,
    idleSeconds: limits.idleSeconds ?? null,
    now: () => ({ ...now }),
    freeze: (endsAtMs, gap) => log.push(`freeze ${endsAtMs - now.wallMs} ${gap}`),
    thaw: () => log.push('thaw'),
    end: (reason) => log.push(`end ${reason.kind}`),
  });
  const pass = (ms: number) => {
    now.monotonicMs += ms;
    now.wallMs += ms;
    return watch.check();
  };
  return { log, now, watch, pass };
}

describe('the limits of a session', () => {
  it('security 18: freezes input when the lease runs out and ends 5 s later', () => {
    const { log, pass } = makeWorld();
    expect(pass(9999)).toBe('all');
    expect(pass(1)).toBe('output');
    expect(log).toEqual(['freeze 5000 false']);
    expect(pass(4999)).toBe('output');
    expect(pass(1)).toBe('nothing');
    expect(log).toEqual(['freeze 5000 false', 'end lease-expired']);
  });

  it('goes on when a lease comes in time', () => {
    const { log, watch, pass } = makeWorld();
    pass(12_000);
    watch.renew(makeLease(1));
    expect(log).toEqual(['freeze 3000 false', 'thaw']);
    expect(pass(9000)).toBe('all');
  });

  it('passes nothing at all after a resume until a new lease comes', () => {
    const { log, watch, pass } = makeWorld();
    watch.resumed();
    expect(pass(1)).toBe('nothing');
    watch.renew(makeLease(0));
    expect(pass(1)).toBe('nothing');
    watch.renew(makeLease(1));
    expect(pass(1)).toBe('all');
    expect(log).toEqual(['freeze 10000 true', 'thaw']);
  });

  it('ends 10 s after a jump of the clock without a new lease, and repeated jumps buy no time', () => {
    const { log, now, pass } = makeWorld();
    now.wallMs -= 3_600_000;
    expect(pass(0)).toBe('nothing');
    for (let n = 0; n < 9; n += 1) {
      now.wallMs += 60_000;
      pass(1000);
    }
    expect(log).toEqual(['freeze 10000 true']);
    expect(pass(1000)).toBe('nothing');
    expect(log.at(-1)).toBe('end lease-expired');
  });

  it('security 19: ends at the time limit, and setting the clock back buys no time', () => {
    const { log, now, watch, pass } = makeWorld({ maxSeconds: 20 });
    for (let seq = 1; seq < 10; seq += 1) {
      now.wallMs -= 500;
      pass(2000);
      watch.renew(makeLease(seq));
    }
    expect(log).toEqual([]);
    pass(2000);
    expect(log).toEqual(['end time-limit']);
  });

  it('ends when nobody has typed for the idle time', () => {
    const { log, watch, pass } = makeWorld({ idleSeconds: 8 });
    pass(7000);
    watch.typed();
    pass(7999);
    expect(log.filter((line) => line.startsWith('end'))).toEqual([]);
    pass(1);
    expect(log).toContain('end idle');
  });
});
