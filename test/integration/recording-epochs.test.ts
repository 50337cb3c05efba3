import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readJournal } from '../../src/recording/journal/read-journal.ts';
import { parseManifest } from '../../src/recording/manifest/parse-manifest.ts';
import { epochMs } from '../../src/shared/record/journal.ts';
import { cleanExit, makeRecordingWorld, startRecorder } from './recording-fixture.ts';

/** When a recorder changes the keys of its journal. */
describe('the keys of a running record', () => {
  afterEach(() => vi.useRealTimers());

  it('change where output is cut, at most once a minute, and stored segments of both streams reach exactly to there', async () => {
    const world = await makeRecordingWorld();
    vi.useFakeTimers({ toFake: ['performance'] });
    const recorder = await startRecorder(world);
    const journal = () => readFileSync(join(world.folder, 'journal'));
    const page = Buffer.from(`${'a line of a log\r\n'.repeat(2000)}`);
    const cut = () => {
      for (let pages = 0; pages < 9; pages += 1) recorder.output(page);
    };
    cut();
    recorder.input(Buffer.from('half a character: \xc3', 'latin1'));
    cut();
    expect((await readJournal(journal(), {})).epoch).toBe(0);
    vi.advanceTimersByTime(epochMs);
    expect((await readJournal(journal(), {})).epoch).toBe(0);
    cut();
    const change = await readJournal(journal(), world.identities);
    expect(change.epoch).toBe(1);
    cut();
    recorder.input(Buffer.from('\xa9 and on\r', 'latin1'));
    expect((await readJournal(journal(), {})).epoch).toBe(1);
    expect(await recorder.close(cleanExit)).toEqual({ complete: true });
    const { segments, end } = parseManifest(readFileSync(join(world.folder, 'manifest'), 'utf8'));
    const input = segments.filter(({ stream }) => stream === 'input');
    expect(input.map(({ why }) => why)).toEqual(['keys', 'end']);
    const read = await readJournal(journal(), world.identities);
    expect(end).toMatchObject({ frames: read.frames.output + read.frames.input, chain: read.chain });
    // What a server that has those segments must keep of the journal begins with the keys frame.
    const at = journal().indexOf(`{"frames":{"output":`) - 13;
    const headerLine = journal().subarray(0, journal().indexOf('\n') + 1);
    const tail = Buffer.concat([headerLine, journal().subarray(at)]);
    const rest = await readJournal(tail, world.identities, {}, { beginsLater: true });
    expect(rest.starts.input).toBe(input[0]?.frames);
    expect(segments.some(({ stream, frames }) => stream === 'output' && frames === rest.starts.output)).toBe(true);
    expect(rest).toMatchObject({ chain: read.chain, broke: null });
    expect(Buffer.concat(rest.events.input.map(({ data }) => data)).toString('latin1')).toBe('\xa9 and on\r');
    rmSync(world.folder, { recursive: true });
  });
});
