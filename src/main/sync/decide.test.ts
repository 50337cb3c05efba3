import { expect, test } from 'vitest';
import { bytesLeft, nextStep, type SyncStep } from './decide.ts';
import type { SpoolContent } from './spool.ts';

const session = {
  version: 0 as const,
  sessionId: '22222222-2222-4222-8222-222222222222',
  userId: 'jonas',
  deviceId: 'd1',
  targetName: 'web-01',
  startedAt: '2026-11-24T14:00:00.000Z',
  sessionKey: 'ssh-ed25519 AAAA',
  sessionKeyCertificate: 'x',
  server: 'https://127.0.0.1:1',
};
const first = { stream: 'output' as const, seq: 0, file: '000000.cast.zst.age', sha256: 'a', bytes: 100, line: 2 };
const second = { stream: 'input' as const, seq: 0, file: '000000.input.cast.zst.age', sha256: 'b', bytes: 20, line: 3 };

function content(options: {
  segments?: number;
  ended?: boolean;
  receiptLines?: number;
  receiptEnded?: boolean;
  journal?: number | null;
  manifest?: boolean;
}): SpoolContent {
  const segments = [first, second].slice(0, options.segments ?? 2);
  const lines = ['h', 'h', ...segments.map(() => 's'), ...(options.ended === true ? ['end'] : [])];
  return {
    session,
    damaged: false,
    manifest:
      options.manifest === false ? null : { text: '', signature: '', lines, segments, ended: options.ended === true },
    receipt:
      options.receiptLines === undefined
        ? null
        : {
            version: 1,
            sessionId: session.sessionId,
            lines: options.receiptLines,
            head: '',
            segments: 0,
            bytes: 0,
            ended: options.receiptEnded === true,
            wire: null,
            at: '',
          },
    journalBytes: options.journal === undefined ? 500 : options.journal,
  };
}
const none: ReadonlySet<string> = new Set();

test.each([
  ['segments go in the order of the manifest', content({}), true, none, { act: 'put-segment', segment: first }],
  ['then the next', content({}), true, new Set(['output/0']), { act: 'put-segment', segment: second }],
  ['then the manifest', content({}), true, new Set(['output/0', 'input/0']), { act: 'put-manifest' }],
  [
    'what a receipt covers is not sent again',
    content({ receiptLines: 3 }),
    true,
    none,
    { act: 'put-segment', segment: second },
  ],
  ['all receipted: rest until the session seals more', content({ receiptLines: 4 }), true, none, { act: 'rest' }],
  [
    'an ended one stays while its process may still write',
    content({ ended: true, receiptLines: 5, receiptEnded: true }),
    true,
    none,
    { act: 'rest' },
  ],
  [
    'and goes when that is over',
    content({ ended: true, receiptLines: 5, receiptEnded: true }),
    false,
    none,
    { act: 'remove' },
  ],
  [
    'but never without a receipt that says ended',
    content({ ended: true, receiptLines: 5 }),
    false,
    none,
    { act: 'rest' },
  ],
  [
    'the end line needs a receipt of its own',
    content({ ended: true, receiptLines: 4 }),
    false,
    none,
    { act: 'put-manifest' },
  ],
  ['an orphan sends its journal after its segments', content({ receiptLines: 4 }), false, none, { act: 'put-journal' }],
  [
    'an orphan without any segment sends its journal',
    content({ manifest: false }),
    false,
    none,
    { act: 'put-journal' },
  ],
  ['the journal of a live session stays', content({ manifest: false }), true, none, { act: 'rest' }],
  [
    'nothing was ever written: nothing to keep',
    content({ manifest: false, journal: null }),
    false,
    none,
    { act: 'remove' },
  ],
  [
    'an empty folder of a starting session stays',
    content({ manifest: false, journal: null }),
    true,
    none,
    { act: 'rest' },
  ],
] as [string, SpoolContent, boolean, ReadonlySet<string>, SyncStep][])(
  '%s',
  (_name, folder, live, stored, expected) => {
    expect(nextStep(folder, { live, stored })).toEqual(expected);
  },
);

test('the backlog counts what has still to go', () => {
  expect(bytesLeft(content({}), { live: true, stored: none })).toBe(120);
  expect(bytesLeft(content({}), { live: false, stored: new Set(['output/0']) })).toBe(520);
  expect(bytesLeft(content({ ended: true, receiptLines: 3 }), { live: false, stored: none })).toBe(20);
});
