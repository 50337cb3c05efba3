import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { measureSpool, roomProblem, sessionNeedBytes } from './room.ts';

const quotaBytes = 100_000_000;

test.each([
  ['an empty spool', 0, 0, 0, null],
  ['just enough', quotaBytes - sessionNeedBytes, 3, 0, null],
  [
    'a byte too many',
    quotaBytes - sessionNeedBytes + 1,
    3,
    0,
    /3 recordings wait .* take 85 MB of the 100 MB .* needs 16 MB/,
  ],
  ['one that waits', quotaBytes, 1, 0, /1 recording waits/],
  ['others that run need room as well', quotaBytes - 2 * sessionNeedBytes + 1, 2, 1, /no room for another recording/],
  ['many that run', 0, 0, 6, /the 6 sessions that run need/],
])('%s', (_name, bytes, recordings, running, expected) => {
  const problem = roomProblem({ bytes, recordings, live: { sessions: 0, bytes: 0 } }, { quotaBytes, running });
  if (expected === null) expect(problem).toBeNull();
  else expect(problem).toMatchObject({ code: 'SP-3012', message: expect.stringMatching(expected) });
});

test('what running sessions hold takes room as well, and those that have no folder yet what they are sure to need', () => {
  const room = (live: { sessions: number; bytes: number }, running: number) =>
    roomProblem({ bytes: 0, recordings: 0, live }, { quotaBytes, running });
  expect(room({ sessions: 1, bytes: quotaBytes - sessionNeedBytes }, 1)).toBeNull();
  expect(room({ sessions: 1, bytes: quotaBytes - sessionNeedBytes + 1 }, 1)).toMatchObject({
    code: 'SP-3012',
    message: expect.stringMatching(/the session that runs needs/),
  });
  expect(room({ sessions: 1, bytes: quotaBytes - sessionNeedBytes }, 2)).toMatchObject({ code: 'SP-3012' });
});

test('the spool is what lies in its folders, those of running sessions apart, but for what is being removed', async () => {
  const spool = mkdtempSync(join(tmpdir(), 'room-'));
  for (const [folder, bytes] of [
    ['a', 10],
    ['b', 300],
    ['live', 7000],
    ['.done-c', 50_000],
  ] as const) {
    mkdirSync(join(spool, folder));
    writeFileSync(join(spool, folder, 'journal'), Buffer.alloc(bytes));
  }
  mkdirSync(join(spool, 'empty'));
  expect(await measureSpool(spool, (name) => name === 'live')).toEqual({
    bytes: 310,
    recordings: 2,
    live: { sessions: 1, bytes: sessionNeedBytes },
  });
  writeFileSync(join(spool, 'live', 'more'), Buffer.alloc(sessionNeedBytes));
  expect(await measureSpool(spool, (name) => name === 'live')).toMatchObject({
    live: { sessions: 1, bytes: sessionNeedBytes + 7000 },
  });
  expect(await measureSpool(join(spool, 'nowhere'), () => false)).toEqual({
    bytes: 0,
    recordings: 0,
    live: { sessions: 0, bytes: 0 },
  });
  rmSync(spool, { recursive: true });
});
