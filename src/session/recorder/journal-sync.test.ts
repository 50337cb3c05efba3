import { closeSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeAgeIdentity } from '../../recording/codecs/age.ts';
import { createJournal, type JournalWriter } from '../../recording/journal/journal-writer.ts';
import type { SallyportError } from '../../shared/errors/result.ts';
import { syncEveryBytes, syncEveryMs } from '../../shared/record/journal.ts';
import { JournalSync } from './journal-sync.ts';
import type { SyncedHead } from './recorder.ts';

describe('syncing the journal', () => {
  let journal: JournalWriter;
  let sync: JournalSync;
  let heads: SyncedHead[];
  let failures: SallyportError[];

  beforeEach(async () => {
    const { recipient } = await makeAgeIdentity();
    const header = {
      session: 's',
      serverNonce: 'n',
      started: 'now',
      monotonicMs: 0,
      terminal: { cols: 80, rows: 24, term: 'xterm' },
    };
    journal = await createJournal({
      folder: mkdtempSync(join(tmpdir(), 'sync-')),
      header,
      recipients: { output: [recipient], input: [recipient] },
    });
    heads = [];
    failures = [];
    sync = new JournalSync({ journal, onHead: (head) => heads.push(head), onFailed: (error) => failures.push(error) });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });

  afterEach(() => vi.useRealTimers());

  function write(bytes: number): void {
    sync.wrote(journal.append('o', Buffer.alloc(bytes), 0).written);
  }

  it('waits a quarter of a second for a little', async () => {
    write(3);
    vi.advanceTimersByTime(syncEveryMs - 1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(heads).toEqual([]);
    vi.advanceTimersByTime(1);
    await vi.waitUntil(() => heads.length > 0);
    expect(heads).toEqual([{ ...journal.head(), syncedAt: expect.any(String) }]);
  });

  it('does not wait for much, and tells only what was written when the sync began', async () => {
    write(syncEveryBytes);
    write(5);
    await vi.waitUntil(() => heads.length > 0);
    expect(heads.map((head) => head.outputBytes)).toEqual([syncEveryBytes]);
    await sync.flush();
    expect(heads.map((head) => head.outputBytes)).toEqual([syncEveryBytes, syncEveryBytes + 5]);
  });

  it('tells a sync that failed, once, and the journal takes nothing more', async () => {
    write(3);
    closeSync(Number(Reflect.get(journal, 'fd')));
    await sync.flush();
    expect(failures).toEqual([expect.objectContaining({ code: 'SP-3011', facts: { fault: 'EBADF' } })]);
    expect(() => journal.append('o', Buffer.from('x'), 1)).toThrow(expect.objectContaining({ code: 'SP-3011' }));
    expect(heads).toEqual([]);
  });
});
