import { describe, expect, it } from 'vitest';
import { lastAt, type Moments, type RecordedCommand, type Row, rowAt, rowsOf, stepCommand } from './moments.ts';
import type { ReplayHit } from './replay-search.ts';

const command = (atMs: number, text: string, status: number | null = 0): RecordedCommand => ({
  atMs,
  command: text,
  status,
});
const hit = (atMs: number, kind: ReplayHit['kind'], text: string): ReplayHit => ({
  line: atMs,
  atMs,
  kind,
  text,
  marks: [],
});
const commands = [command(1000, 'ls'), command(5000, 'cat table'), command(90_000, 'drop table')];
const nothing: Moments = {
  commands,
  idle: [],
  marks: [],
  bookmarks: [],
  findings: [],
  hits: [],
  hitIndex: -1,
  onlyHits: false,
  expanded: new Set(),
};
function words(row: Row): string {
  switch (row.kind) {
    case 'command':
      return `${row.current ? '*' : ''}${row.command.command}`;
    case 'hit':
      return `  ${row.current ? '*' : ''}${row.hit.text}`;
    case 'more':
      return `  +${row.count}`;
    case 'idle':
      return `idle ${row.forMs}`;
    case 'mark':
      return row.mark.text;
    case 'bookmark':
      return row.bookmark.text;
    case 'finding':
      return row.finding.title;
  }
}
const said = (moments: Partial<Moments>) => rowsOf({ ...nothing, ...moments }).map(words);

describe('the list beside a replay', () => {
  it('puts commands, idle time, marks and notes in one order of time', () => {
    const by = { id: 'm', name: 'Mira' };
    expect(
      said({
        idle: [{ fromMs: 8000, toMs: 80_000 }],
        marks: [
          { atMs: 0, kind: 'marker', text: 'logged in', times: 1 },
          { atMs: 95_000, kind: 'exit', text: '0', times: 1 },
        ],
        bookmarks: [{ id: 'b', atMs: 5000, text: 'here', by, at: '', mine: true }],
        findings: [
          {
            id: 'f',
            atMs: 90_000,
            title: 'gone',
            note: '',
            severity: 'high',
            state: 'open',
            by,
            at: '',
            changed: null,
          },
        ],
      }),
    ).toEqual(['logged in', 'ls', 'cat table', 'here', 'idle 72000', 'drop table', 'gone', '0']);
  });

  it('puts each hit under the command whose output it is, and knows the one we are at', () => {
    const hits = [
      hit(200, 'line', 'table of contents'),
      hit(5000, 'command', 'cat table'),
      hit(5100, 'line', 'the table'),
      hit(90_000, 'command', 'drop table'),
    ];
    expect(said({ hits, hitIndex: 2 })).toEqual([
      '  table of contents',
      'ls',
      'cat table',
      '  *the table',
      'drop table',
    ]);
    expect(said({ hits, hitIndex: 3, onlyHits: true })).toEqual([
      '  table of contents',
      'cat table',
      '  the table',
      '*drop table',
    ]);
  });

  it('puts a hit that was seen last when the next command was entered under the command that it is of', () => {
    const late = { ...hit(1000, 'line', 'late'), seenMs: 5000 };
    expect(said({ hits: [late] })).toEqual(['ls', '  late', 'cat table', 'drop table']);
  });

  it('counts the hits of a command that has many, but never the one we are at', () => {
    const hits = Array.from({ length: 9 }, (_, index) => hit(1100 + index, 'line', `hit ${index}`));
    expect(said({ hits, hitIndex: 7 }).slice(0, 6)).toEqual([
      'ls',
      '  hit 0',
      '  hit 1',
      '  hit 2',
      '  *hit 7',
      '  +5',
    ]);
    expect(said({ hits, expanded: new Set([1000]) })).toHaveLength(12);
    expect(said({ hits: hits.slice(0, 4) })).toHaveLength(7);
  });

  it('knows where we are', () => {
    const rows = rowsOf({ ...nothing, hits: [hit(1500, 'line', 'x')] });
    expect([rowAt(rows, 0), rowAt(rows, 1000), rowAt(rows, 4999), rowAt(rows, 5000), rowAt(rows, 1e9)]).toEqual([
      -1, 0, 0, 2, 3,
    ]);
    expect([lastAt(commands, 999), lastAt(commands, 1000), lastAt(commands, 1e9)]).toEqual([-1, 0, 2]);
  });

  it('steps by command', () => {
    expect(stepCommand(commands, 0, 1)).toBe(1000);
    expect(stepCommand(commands, 1000, 1)).toBe(5000);
    expect(stepCommand(commands, 90_000, 1)).toBeNull();
    expect(stepCommand(commands, 9000, -1)).toBe(5000);
    // It has just begun: back is the one before.
    expect(stepCommand(commands, 5400, -1)).toBe(1000);
    expect(stepCommand(commands, 1200, -1)).toBeNull();
    expect(stepCommand([], 1200, -1)).toBeNull();
  });

  it('is quick with five thousand commands and a thousand hits', () => {
    const many = Array.from({ length: 5000 }, (_, index) => command(index * 5760, `command ${index}`));
    const hits = Array.from({ length: 1000 }, (_, index) => hit(index * 28_000, 'line', 'x'));
    const began = performance.now();
    const rows = rowsOf({ ...nothing, commands: many, hits });
    expect(rows).toHaveLength(6000);
    expect(performance.now() - began).toBeLessThan(60);
  });
});
