import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EndReason } from '../shared/model/session.ts';
import type { SessionToOwner } from '../shared/protocol/session-control.ts';
import { makeEnding } from './ending.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const killed: EndReason = { kind: 'killed', orderId: 'o', by: 'Mira', byRole: 'analyst', reason: 'r', at: 'now' };
const ends: [EndReason, number][] = [
  [killed, 5000],
  [{ kind: 'disconnected', by: 'person' }, 5000],
  [{ kind: 'disconnected', by: 'quit' }, 5000],
  [{ kind: 'disconnected', by: 'revoked' }, 5000],
  [{ kind: 'disconnected', by: 'target' }, 30_000],
  [{ kind: 'disconnected', by: 'network' }, 30_000],
  [{ kind: 'exit', status: 0, signal: null }, 30_000],
  [{ kind: 'lease-expired' }, 30_000],
];

/** An end whose record is sealed after `sealMs`; resolves with how it ended and when. */
async function finish(reason: EndReason, sealMs: number) {
  const sent: SessionToOwner[] = [];
  const began = Date.now();
  let exitedAt = 0;
  const ending = makeEnding({
    link: { send: (message) => void sent.push(message), flushed: () => Promise.resolve() },
    now: () => ({ monotonicMs: 0, wallMs: 0 }),
    exit: () => {
      exitedAt = Date.now() - began;
    },
  });
  const seal = () => new Promise<boolean>((done) => setTimeout(() => done(true), sealMs));
  const over = ending.finish(reason, seal, () => undefined);
  await vi.advanceTimersByTimeAsync(60_000);
  await over;
  return { last: sent.at(-1), exitedAt };
}

describe('the end of a session', () => {
  it.each(ends)('waits for its record as long as somebody waits for it: %o', async (reason, atMost) => {
    expect(await finish(reason, atMost - 1)).toMatchObject({ last: { complete: true }, exitedAt: atMost - 1 });
    expect(await finish(reason, atMost + 1)).toMatchObject({ last: { complete: false }, exitedAt: atMost });
  });
});
