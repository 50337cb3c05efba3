import { Terminal } from '@xterm/headless/lib-headless/xterm-headless.mjs';
import { describe, expect, it } from 'vitest';
import { Highlighter, makeWordFinder, runsOf } from './highlight-words.ts';

const words = [
  { word: 'error', colour: '#ff0000' },
  { word: 'error budget', colour: '#00ff00' },
  { word: 'c++', colour: '#0000ff' },
];
const find = makeWordFinder(words);
const found = (text: string) => (find?.(text) ?? []).map(({ from, to, colour }) => `${text.slice(from, to)} ${colour}`);

describe('finding words', () => {
  it('finds a word with a hyphen, and reads no sign in a word as a pattern', () => {
    const find = makeWordFinder([{ word: 'time-out', colour: '#111111' }]);
    expect(find?.('a time-out, no timeout')).toEqual([{ from: 2, to: 10, colour: '#111111' }]);
    for (const sign of '.*+?^${}()|[]\\/-&#@!~,;:=<>%') {
      const marked = makeWordFinder([{ word: `a${sign}b`, colour: '#111111' }]);
      expect(marked?.(`a${sign}b axb`)).toEqual([{ from: 0, to: 3, colour: '#111111' }]);
    }
  });

  it('finds whole words in any case, the longer one first', () => {
    expect(found('ERROR: no error here, errors, terror, error_log, Error budget')).toEqual([
      'ERROR #ff0000',
      'error #ff0000',
      'Error budget #00ff00',
    ]);
    expect(found('the error.')).toEqual(['error #ff0000']);
    expect(found('é́error fehlererror')).toEqual([]);
  });

  it('takes words as text, not as a pattern', () => {
    expect(found('a c++ b, ccc')).toEqual(['c++ #0000ff']);
    expect(makeWordFinder([])).toBeNull();
    expect(makeWordFinder([{ word: '  ', colour: '#ffffff' }])).toBeNull();
  });

  it('stops at what nobody reads', () => {
    expect(find?.('error '.repeat(4000))).toHaveLength(50);
  });
});

describe('what is coloured', () => {
  async function makeBuffer(text: string, cols = 20) {
    const terminal = new Terminal({ allowProposedApi: true, cols, rows: 6 });
    await new Promise<void>((resolve) => terminal.write(text, resolve));
    return terminal.buffer.active;
  }
  const runs = async (text: string, cols?: number) =>
    (runsOf((await makeBuffer(text, cols)) as never, 0, find ?? (() => []))?.runs ?? []).map(
      ({ y, x, width }) => `${y}:${x}+${width}`,
    );

  it('leaves what the program coloured itself', async () => {
    expect(await runs('a error b')).toEqual(['0:2+5']);
    expect(await runs('a \x1b[31merror\x1b[0m b')).toEqual([]);
    expect(await runs('a \x1b[41merror\x1b[0m b')).toEqual([]);
    expect(await runs('a \x1b[7merror\x1b[0m b')).toEqual([]);
    expect(await runs('a er\x1b[38;5;9mr\x1b[0mor b')).toEqual([]);
    expect(await runs('a \x1b[1merror\x1b[0m b')).toEqual(['0:2+5']);
  });

  it('counts cells, not characters: wide and combined ones before a word', async () => {
    expect(await runs('漢字 error')).toEqual(['0:5+5']);
    expect(await runs('e\u0301e error')).toEqual(['0:3+5']);
  });

  it('follows a word over the edge, and does not take half of a longer one for it', async () => {
    expect(await runs('0123456789012345 error', 19)).toEqual(['0:17+2', '1:0+3']);
    expect(await runs('01234567890123terror', 15)).toEqual([]);
  });
});

describe('the highlighter', () => {
  it('colours what is on the screen once, and nothing where a program owns the screen', async () => {
    const terminal = new Terminal({ allowProposedApi: true, cols: 20, rows: 6 });
    const print = (text: string) => new Promise<void>((resolve) => terminal.write(text, resolve));
    let made = 0;
    let alive = 0;
    const screen = Object.create(terminal, {
      onRender: { value: () => ({ dispose() {} }) },
      registerDecoration: {
        value: () => {
          made += 1;
          alive += 1;
          return { dispose: () => (alive -= 1) };
        },
      },
    });
    const highlighter = new Highlighter(screen);
    highlighter.setWords(words);
    await print('an error, an error\r\n');
    highlighter.look();
    highlighter.look();
    expect({ made, alive }).toEqual({ made: 2, alive: 2 });
    await print('\x1b[1;1Hfine now\x1b[K');
    highlighter.look();
    expect(alive).toBe(0);
    await print('\x1b[?1049herror');
    highlighter.look();
    expect({ made, alive }).toEqual({ made: 2, alive: 0 });
    highlighter.dispose();
    expect(terminal.markers).toHaveLength(0);
  });
});
