import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { makeAgeIdentity } from '../../recording/codecs/age.ts';
import { createJournal } from '../../recording/journal/journal-writer.ts';
import { readJournal } from '../../recording/journal/read-journal.ts';
import { restOfJournal } from './rest-of-journal.ts';

const { identity, recipient } = await makeAgeIdentity();
const header = {
  session: 's',
  serverNonce: 'n',
  started: '2026-11-24T08:00:00.000Z',
  monotonicMs: 5,
  terminal: { cols: 80, rows: 24, term: 'xterm' },
};

test('of a journal only what goes on after the covered frames is read, from a change of keys on', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rest-'));
  const recipients = { output: [recipient], input: [recipient] };
  const journal = await createJournal({ folder, header, recipients });
  for (let epoch = 0; epoch < 4; epoch += 1) {
    if (epoch > 0) {
      await vi.waitFor(() => expect(journal.keysAreDue(Number.MAX_SAFE_INTEGER)).toBe(true), { interval: 1 });
      journal.changeKeys(epoch);
    }
    journal.append('o', Buffer.from(`output ${epoch}`), epoch);
    journal.append('i', Buffer.from(`input ${epoch}`), epoch);
  }
  journal.close();
  const path = join(folder, 'journal');
  const opened = async (output: number, input: number) => {
    const bytes = await restOfJournal(path, { output, input });
    const read = await readJournal(
      bytes ?? new Uint8Array(),
      { output: identity },
      { output, input },
      { beginsLater: true },
    );
    expect(read.broke).toBeNull();
    return [read.starts.output, ...read.events.output.map(({ data }) => Buffer.from(data).toString())];
  };
  expect(await opened(0, 0)).toEqual([0, 'output 0', 'output 1', 'output 2', 'output 3']);
  expect(await opened(2, 2)).toEqual([2, 'output 2', 'output 3']);
  // Input is behind: its frames are needed from where it is.
  expect(await opened(2, 1)).toEqual([1, 'output 2', 'output 3']);
  expect(await opened(9, 9)).toEqual([3]);
  expect(await restOfJournal(join(folder, 'none'), { output: 0, input: 0 })).toBeNull();
  expect((await restOfJournal(path, { output: 0, input: 0 }))?.length).toBe(readFileSync(path).length);
});
