import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { makeAgeIdentity } from '../recording/codecs/age.ts';
import { createJournal } from '../recording/journal/journal-writer.ts';
import { readUnsealed } from './unsealed.ts';

test('a journal that lies with its owner may begin later; while it is written its end is no gap', async () => {
  const { identity, recipient } = await makeAgeIdentity();
  const folder = mkdtempSync(join(tmpdir(), 'unsealed-'));
  const terminal = { cols: 80, rows: 24, term: 'xterm' };
  const journal = await createJournal({
    folder,
    header: { session: 's', serverNonce: 'n', started: '2026-11-24T08:00:00.000Z', monotonicMs: 5, terminal },
    recipients: { output: [recipient], input: [recipient] },
  });
  const file = () => readFileSync(join(folder, 'journal'));
  const header = file().length;
  journal.append('o', Buffer.from('sealed'), 1);
  const keys = file().length;
  await vi.waitFor(() => expect(journal.keysAreDue(Number.MAX_SAFE_INTEGER)).toBe(true), { interval: 1 });
  journal.changeKeys(2);
  journal.append('o', Buffer.from('not sealed'), 3);
  journal.append('o', Buffer.from('being written'), 4);
  const manifest = { end: null, segments: [{ stream: 'output', frames: 1 }], header: { journal: journal.firstLink } };
  journal.close();
  const bytes = Buffer.concat([file().subarray(0, header), file().subarray(keys, -1)]);
  const read = (state: string, local: boolean) =>
    readUnsealed(
      {
        recording: { sessionId: 's', journal: local ? null : {}, state } as never,
        fetcher: { journal: () => Promise.resolve(bytes) } as never,
        local,
      },
      manifest as never,
      { output: identity },
    );
  const running = await read('receiving', true);
  expect(running?.contents?.events.output.map(({ data }) => Buffer.from(data).toString())).toEqual(['not sealed']);
  expect(running).toMatchObject({ gaps: [], checks: [{ name: 'journal', ok: true }] });
  const crashed = await read('incomplete', true);
  expect(crashed?.gaps).toEqual(['its last moment was being written when it stopped']);
  // The store takes journals whole: there nobody stands behind a first frame of keys.
  expect(await read('incomplete', false)).toMatchObject({
    checks: [{ ok: false }],
    contents: { broke: { kind: 'damaged' } },
  });
});
