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
const startMs = Date.parse('2026-11-24T14:00:00.000Z');
const first = {
  stream: 'output' as const,
  seq: 0,
  file: '000000.cast.zst.age',
  sha256: 'a',
  bytes: 100,
  frames: 3,
  line: 2,
};
const second = { stream: 'anchor' as const, seq: 0, file: '000000.anchor', sha256: 'b', bytes: 20, frames: 0, line: 3 };

function content(options: {
  segments?: number;
  ended?: boolean;
  receiptLines?: number;
  receiptEnded?: boolean;
  journal?: number | null;
  manifest?: boolean;
  /** A receipt line follows the parts. */
  receiptLine?: boolean;
  files?: string[];
}): SpoolContent {
  const parts = [first, second].slice(0, options.segments ?? 2);
  const lines = ['h', 'h', ...parts.map(() => 's'), ...(options.ended === true ? ['end'] : [])];
  const worth = lines.length;
  if (options.receiptLine === true) lines.push('receipt');
  return {
    session,
    login: 'deploy',
    damaged: false,
    manifest:
      options.manifest === false
        ? null
        : { text: '', signature: '', lines, parts, worth, ended: options.ended === true },
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
            at: new Date(startMs).toISOString(),
          },
    receiptTimes: [
      { lines: 3, atMs: startMs - hour },
      { lines: 9, atMs: startMs },
    ],
    files: new Set(options.files ?? []),
    journalBytes: options.journal === undefined ? 500 : options.journal,
  };
}
const hour = 3_600_000;
const none: ReadonlySet<string> = new Set();

test.each([
  ['segments go in the order of the manifest', content({}), true, none, { act: 'put-part', part: first }],
  ['then the next', content({}), true, new Set(['output/0']), { act: 'put-part', part: second }],
  ['then the manifest', content({}), true, new Set(['output/0', 'anchor/0']), { act: 'put-manifest' }],
  [
    'what a receipt covers is not sent again',
    content({ receiptLines: 3 }),
    true,
    none,
    { act: 'put-part', part: second },
  ],
  [
    'all receipted: rest until the session seals more',
    content({ receiptLines: 4 }),
    true,
    none,
    { act: 'rest', untilMs: null },
  ],
  [
    'an ended one stays while its process may still write',
    content({ ended: true, receiptLines: 5, receiptEnded: true }),
    true,
    none,
    { act: 'rest', untilMs: null },
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
    { act: 'rest', untilMs: null },
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
  [
    'a receipt line alone is no reason for another receipt',
    content({ receiptLines: 4, receiptLine: true }),
    true,
    none,
    { act: 'rest', untilMs: null },
  ],
  [
    'what is receipted goes from here while the session runs, by policy at once; the rest stays',
    content({ receiptLines: 3, segments: 1, files: [first.file, second.file, 'journal'] }),
    true,
    none,
    { act: 'release', files: [first.file] },
  ],
  ['the journal of a live session stays', content({ manifest: false }), true, none, { act: 'rest', untilMs: null }],
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
    { act: 'rest', untilMs: null },
  ],
] as [string, SpoolContent, boolean, ReadonlySet<string>, SyncStep][])(
  '%s',
  (_name, folder, live, stored, expected) => {
    expect(nextStep(folder, { live, stored, resend: false, keepStoredMs: 0, nowMs: startMs + 1 })).toEqual(expected);
  },
);

test('what is stored stays here too for as long as policy says, each part from its own receipt on', () => {
  const running = content({ receiptLines: 4, files: [first.file, second.file] });
  const done = content({
    ended: true,
    receiptLines: 5,
    receiptEnded: true,
    files: [first.file, second.file, 'journal'],
  });
  const at = (folder: SpoolContent, nowMs: number, live = false) =>
    nextStep(folder, { live, stored: none, resend: false, keepStoredMs: 2 * hour, nowMs });
  expect(at(running, startMs, true)).toEqual({ act: 'rest', untilMs: startMs + hour });
  expect(at(running, startMs + hour, true)).toEqual({ act: 'release', files: [first.file] });
  // A finished one needs its journal no more.
  expect(at(done, startMs)).toEqual({ act: 'release', files: ['journal'] });
  expect(at(done, startMs + 2 * hour)).toEqual({ act: 'remove' });
  expect(at(content({ ended: true, receiptLines: 4, files: [first.file] }), startMs + 9 * hour).act).toBe(
    'put-manifest',
  );
});

test('a server that lost what it had gets all of it that is still here, then the manifest', () => {
  const again = (stored: string[], files: string[]) =>
    nextStep(content({ ended: true, receiptLines: 5, receiptEnded: true, files }), {
      live: false,
      stored: new Set(stored),
      resend: true,
      keepStoredMs: 0,
      nowMs: startMs + 1,
    });
  const both = [first.file, second.file];
  expect(again([], both)).toEqual({ act: 'put-part', part: first });
  expect(again(['output/0'], both)).toEqual({ act: 'put-part', part: second });
  expect(again(['output/0', 'anchor/0'], both)).toEqual({ act: 'put-manifest' });
  // What is gone from here cannot go: the server's answer to the manifest says so.
  expect(again(['output/0'], [first.file])).toEqual({ act: 'put-manifest' });
  expect(bytesLeft(content({ receiptLines: 4, files: both }), { live: true, stored: none, resend: true })).toBe(120);
});

test('the backlog counts what has still to go', () => {
  expect(bytesLeft(content({}), { live: true, stored: none, resend: false })).toBe(120);
  expect(bytesLeft(content({}), { live: false, stored: new Set(['output/0']), resend: false })).toBe(520);
  expect(bytesLeft(content({ ended: true, receiptLines: 3 }), { live: false, stored: none, resend: false })).toBe(20);
});
