import { describe, expect, it } from 'vitest';
import type { EndLine, SegmentLine } from '../../shared/record/manifest.ts';
import { manifestTimes } from './manifest-times.ts';

const granted = new Date('2026-01-01T10:00:00.000Z');
const opened = new Date('2026-01-01T10:00:02.000Z');
const session = { granted_at: granted, opened_at: opened };
/** The recording was sent three hours late. */
const now = new Date('2026-01-01T13:00:00.000Z');
const segments = [{ t1: 400 }, { t1: 90_000 }, { t1: 7 }] as SegmentLine[];

function times(started: string, changes: { end?: null; t1?: number } = {}) {
  const end = changes.end === null ? null : ({ at: '' } as EndLine);
  const list = changes.t1 === undefined ? segments : ([{ t1: changes.t1 }] as SegmentLine[]);
  const { started_at, ended_at } = manifestTimes({ header: { started }, segments: list, end }, session, now);
  return [started_at?.toISOString() ?? null, ended_at?.toISOString() ?? null];
}

describe('the times of a finished recording', () => {
  it('are those of the manifest, however late it came', () => {
    expect(times('2026-01-01T10:00:01.000Z')).toEqual(['2026-01-01T10:00:01.000Z', '2026-01-01T10:01:31.000Z']);
  });

  it('never begin so long after the grant that no filter by days would find them', () => {
    const late = new Date('2026-01-09T10:00:00.000Z');
    const header = { started: '2026-01-03T10:00:00.000Z' };
    const { started_at } = manifestTimes({ header, segments, end: { at: '' } as EndLine }, session, late);
    expect(started_at).toEqual(opened);
  });

  it.each(['2025-06-01T10:00:00.000Z', '2026-01-01T13:30:00.000Z', 'yesterday'])(
    "keep the length and take the server's start when the device says it was %s",
    (started) => {
      expect(times(started)).toEqual(['2026-01-01T10:00:02.000Z', '2026-01-01T10:01:32.000Z']);
    },
  );

  it('are unknown before the end, and for a length that cannot be', () => {
    expect(times('2026-01-01T10:00:01.000Z', { end: null })).toEqual([null, null]);
    expect(times('2026-01-01T10:00:01.000Z', { t1: Number.MAX_SAFE_INTEGER })).toEqual([null, null]);
  });
});
