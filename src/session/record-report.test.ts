import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SessionToOwner } from '../shared/protocol/session-control.ts';
import { repeatMs, reportRecord } from './record-report.ts';
import type { JournalHead, SyncedHead } from './recorder/recorder.ts';

function make() {
  let head: JournalHead = { outputBytes: 0, inputBytes: 0, frames: 0, chain: 'c0' };
  let synced: (head: SyncedHead) => void = () => undefined;
  const told: SessionToOwner[] = [];
  const { stop, unrecorded } = reportRecord(
    {
      head: () => head,
      onHead: (listener) => {
        synced = listener;
      },
      onSealed: () => undefined,
    },
    (message) => told.push(message),
    () => undefined,
  );
  return {
    told,
    stop,
    unrecorded,
    write(frames: number) {
      head = { outputBytes: frames, inputBytes: 0, frames, chain: `c${frames}` };
    },
    sync: () => synced({ ...head, syncedAt: '2026-01-01T00:00:00.000Z' }),
    frames: () => told.flatMap((message) => (message.type === 'head' ? [message.frames] : [])),
  };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a quiet session', () => {
  it('says its last synced head again and again, until it ends', () => {
    const { write, sync, frames, told, stop } = make();
    write(1);
    sync();
    vi.advanceTimersByTime(3 * repeatMs);
    expect(frames()).toEqual([1, 1, 1, 1]);
    expect(told[3]).toEqual(told[0]);
    stop();
    vi.advanceTimersByTime(3 * repeatMs);
    expect(frames()).toHaveLength(4);
  });

  it('says nothing before there is a head, nor while something is not on disk', () => {
    const { write, sync, frames } = make();
    vi.advanceTimersByTime(3 * repeatMs);
    expect(frames()).toEqual([]);
    write(1);
    sync();
    write(2);
    vi.advanceTimersByTime(3 * repeatMs);
    expect(frames()).toEqual([1]);
    sync();
    vi.advanceTimersByTime(repeatMs);
    expect(frames()).toEqual([1, 2, 2]);
  });

  it('goes on to show that it lives when its record has stopped, with no more than was recorded', () => {
    const { write, sync, frames, unrecorded } = make();
    write(1);
    sync();
    write(2);
    unrecorded();
    vi.advanceTimersByTime(2 * repeatMs);
    expect(frames()).toEqual([1, 1, 1]);
    const early = make();
    early.write(1);
    early.unrecorded();
    vi.advanceTimersByTime(repeatMs);
    expect(early.frames()).toEqual([1]);
  });
});
