import { describe, expect, it } from 'vitest';
import type { TranscriptLine } from '../../../shared/protocol/replay.ts';
import { Transcript } from './transcript.ts';

/** Each hundredth line is a command; a line a second. */
function makeTranscript(total: number) {
  const lines: TranscriptLine[] = Array.from({ length: total }, (_, index) => ({
    atMs: index * 1000,
    kind: index % 100 === 0 ? 'command' : 'line',
    text: index % 100 === 0 ? `command ${index}` : `line ${index}`,
    alternate: false,
  }));
  const asked: number[] = [];
  const transcript = new Transcript(async (from, count) => {
    asked.push(from);
    return { from, total: lines.length, lines: lines.slice(from, from + count) };
  });
  return { transcript, asked, lines };
}

describe('the transcript', () => {
  it('reads the pages that are wanted, each once', async () => {
    const { transcript, asked } = makeTranscript(2000);
    transcript.setTotal(2000);
    await Promise.all([transcript.want(240, 260), transcript.want(0, 10)]);
    await transcript.want(0, 500);
    expect(asked).toEqual([0, 250]);
    expect(transcript.get(260)?.text).toBe('line 260');
    expect(transcript.get(600)).toBeUndefined();
  });

  it('reads a page again when more of it is there', async () => {
    const { transcript, asked, lines } = makeTranscript(2000);
    const all = lines.splice(10);
    transcript.setTotal(10);
    await transcript.want(0, 100);
    lines.push(...all);
    transcript.setTotal(2000);
    await transcript.want(0, 100);
    expect(asked).toEqual([0, 0]);
    expect(transcript.get(50)?.text).toBe('line 50');
  });

  it('finds a moment in a hundred thousand lines by reading a few pages, and holds not all of them', async () => {
    const { transcript, asked } = makeTranscript(100_000);
    transcript.setTotal(100_000);
    expect(await transcript.indexAt(77_777_500)).toBe(77_777);
    expect(asked.length).toBeLessThan(14);
    expect(await transcript.indexAt(-1)).toBe(-1);
    await transcript.want(0, 100_000);
    expect(transcript.get(0)).toBeUndefined();
    expect(transcript.get(99_999)?.text).toBe('line 99999');
  });

  it('gives the output of one command as text, and refuses what is too long', async () => {
    const { transcript } = makeTranscript(1000);
    transcript.setTotal(1000);
    const range = await transcript.commandAt(350_000);
    expect(range).toEqual({ from: 300, to: 400 });
    expect(await transcript.text(300, 303, 1000)).toBe('$ command 300\nline 301\nline 302');
    expect(await transcript.text(0, 1000, 1000)).toBeNull();
    expect(await transcript.commandAt(950_000)).toEqual({ from: 900, to: 1000 });
  });

  it('has none where the text may not be opened', async () => {
    const { transcript, asked } = makeTranscript(10);
    transcript.setTotal(null);
    await transcript.want(0, 10);
    expect(await transcript.indexAt(5000)).toBe(-1);
    expect(await transcript.commandAt(5000)).toBeNull();
    expect(asked).toEqual([]);
  });

  it('tells the output of a command by the screen, where its lines have no other time than its own', async () => {
    const line = (atMs: number, text: string, kind: TranscriptLine['kind'] = 'line'): TranscriptLine => ({
      atMs,
      kind,
      text,
      alternate: false,
    });
    const lines = [
      line(0, 'Welcome'),
      line(1000, 'ls', 'command'),
      line(1000, 'site.toml'),
      line(2000, 'cat site.toml', 'command'),
      line(2000, 'ttl = 120'),
      line(3000, 'exit', 'command'),
    ];
    const transcript = new Transcript(async (from, count) => ({
      from,
      total: lines.length,
      lines: lines.slice(from, from + count),
    }));
    transcript.setTotal(lines.length);
    expect(await transcript.commandAt(1000)).toEqual({ from: 1, to: 3 });
    const range = await transcript.commandAt(2999);
    expect(range).toEqual({ from: 3, to: 5 });
    expect(await transcript.text(3, 5, 1000)).toBe('$ cat site.toml\nttl = 120');
    expect(await transcript.commandAt(3000)).toEqual({ from: 5, to: 6 });
  });
});
