import { describe, expect, it } from 'vitest';
import type { SessionView } from '../../../shared/protocol/ipc.ts';
import { recordFacts } from './record-facts.ts';

const now = 1_800_000_000_000;
const about = { now, connection: 'online', stoppedAtMs: null } as const;
const view = (state: string, record: Partial<SessionView['record']> = {}) =>
  ({
    state: { state },
    leaseUntilMs: now + 9000,
    openedAtMs: now - 60_000,
    endedAtMs: state === 'ended' ? now : null,
    record: { writtenBytes: 709, syncedAtMs: now - 300, storedBytes: 0, storedAtMs: null, complete: false, ...record },
  }) as SessionView;

describe('what the foot says of a record', () => {
  it('is the same before and after the first part is sealed, without sizes', () => {
    const words = 'Kept here, last written 0.3 s ago; sent to the server as it grows';
    expect(recordFacts(view('open'), null, about)).toBe(words);
    expect(recordFacts(view('open', { storedBytes: 967, storedAtMs: now - 660_000 }), null, about)).toBe(words);
  });

  it('does not say that it is sent while there is no contact', () => {
    const words = 'Kept here, last written 0.3 s ago; goes to the server when there is contact again';
    expect(recordFacts(view('open'), null, { ...about, connection: 'offline' })).toBe(words);
    expect(recordFacts({ ...view('open'), leaseUntilMs: now + 1000 }, null, about)).toBe(words);
  });

  it('says at the end whether all of it is stored', () => {
    expect(recordFacts(view('ended'), null, about)).toContain('Kept here until all of it is stored');
    expect(recordFacts(view('ended', { storedBytes: 967, complete: true }), null, about)).toContain(
      'signed end, all of it stored',
    );
  });
});
