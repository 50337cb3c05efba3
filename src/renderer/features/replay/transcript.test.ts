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

  it('tells the output of a command by the screen, where its lines were known only at the end', async () => {
    const line = (atMs: number, text: string, kind: TranscriptLine['kind'] = 'line'): TranscriptLine => ({
      atMs,
      kind,
      text,
      alternate: false,
    });
    const lines = [
      line(1000, 'ls', 'command'),
      line(2000, 'cat site.toml', 'command'),
      line(3000, 'exit', 'command'),
      line(3100, '$ ls'),
      line(3100, 'site.toml'),
      line(3100, '$ cat site.toml'),
      line(3100, 'ttl = 120'),
      line(3100, '$ exit'),
    ];
    const transcript = new Transcript(async (from, count) => ({
      from,
      total: lines.length,
      lines: lines.slice(from, from + count),
    }));
    transcript.setTotal(lines.length);
    const commands = lines.slice(0, 3).map(({ atMs, text }) => ({ atMs, command: text }));
    expect(await transcript.ownerOf(6, commands)).toBe(1);
    expect(await transcript.ownerOf(4, commands)).toBe(0);
    const range = await transcript.outputOf(1, commands);
    expect(range).toEqual({ from: 5, to: 7 });
    expect(await transcript.text(5, 7, 1000, true)).toBe('$ cat site.toml\nttl = 120');
    expect(await transcript.outputOf(2, commands)).toEqual({ from: 7, to: 8 });
  });
});
