import { describe, expect, it } from 'vitest';
import type { EventCode, RecordedEvent } from '../shared/record/events.ts';
import { eventsOf, pack } from './parts.ts';
import { notShown, TypedLines } from './typed-lines.ts';

function event(atMs: number, code: EventCode, data: string): RecordedEvent {
  return { atMs, code, data: Buffer.from(data) };
}

/** One key every 100 ms; `echo` says what the target writes 20 ms after each. */
function keys(fromMs: number, text: string, echo: (key: string) => string): RecordedEvent[] {
  return [...text].flatMap((key, index) => {
    const atMs = fromMs + index * 100;
    const answer = echo(key);
    return answer === '' ? [event(atMs, 'i', key)] : [event(atMs, 'i', key), event(atMs + 20, 'o', answer)];
  });
}

const shell = (key: string) => (key === '\r' ? '\r\n\x1b[?2004l\r' : key);
const silent = (key: string) => (key === '\r' ? '\r\n' : '');

async function read(...events: RecordedEvent[]): Promise<string[]> {
  const block = pack(events.filter(({ code }) => code === 'o'));
  const lines = new TypedLines();
  for (const one of events.filter(({ code }) => code === 'i')) lines.add(one);
  const shown = {
    async *read(fromMs: number, toMs: number) {
      yield* eventsOf(block, fromMs, toMs);
    },
  };
  return (await lines.read(shown)).map(({ text }) => text);
}

describe('a typed line that the target showed is named', () => {
  it.each([
    ['typed key by key', keys(0, 'seq 1 500 | less\r', shell), ['seq 1 500 | less']],
    [
      'after the key that leaves a pager',
      [
        ...keys(0, ' jq', () => '\x1b[K'),
        event(290, 'o', '\x1b[?1049l$ '),
        ...keys(1000, 'clear; for i in 1 2; do echo $i; done\r', shell),
      ],
      ['clear; for i in 1 2; do echo $i; done'],
    ],
    [
      'pasted in brackets',
      [event(0, 'i', '\x1b[200~echo banana\x1b[201~'), event(30, 'o', '\x1b[7mecho banana\x1b[27m')].concat(
        keys(900, '\r', (key) => `\b\b\b\b\b\becho banana${shell(key)}`),
      ),
      ['echo banana'],
    ],
    [
      'pasted as several lines at once',
      [event(0, 'i', 'echo one\recho two\r'), event(40, 'o', 'echo one\r\none\r\n$ echo two\r\ntwo\r\n$ ')],
      ['echo one', 'echo two'],
    ],
    [
      'wrapped at the edge',
      keys(0, 'cat /etc/ssh/sshd_config\r', (key) => (key === '/' ? '/ \r' : shell(key))),
      ['cat /etc/ssh/sshd_config'],
    ],
    ['corrected', keys(0, 'sudox\x7f ls\r', (key) => (key === '\x7f' ? '\b\x1b[K' : shell(key))), ['sudo ls']],
    [
      'while the terminal answers questions of its own',
      [event(0, 'i', '\x1b[?62;c\x1b]11;rgb:0/0/0\x07\x1b'), event(1, 'i', '[I'), ...keys(100, 'top\r', shell)],
      ['top'],
    ],
    ['in another script', keys(0, 'echo größe 漢字\r', shell), ['echo größe 漢字']],
    ['given up first', keys(0, 'rm -rf x\x15ls\r', (key) => (key === '\x15' ? '\r$ \x1b[K' : shell(key))), ['ls']],
  ])('%s', async (_name, events, expected) => {
    expect(await read(...events)).toEqual(expected);
  });
});

describe('a password that was not echoed is never named', () => {
  it.each([
    ['at a silent prompt', keys(0, 'hunter2\r', silent)],
    ['pasted', [event(0, 'i', '\x1b[200~hunter2\x1b[201~'), ...keys(500, '\r', silent)]],
    ['with stars for its characters', keys(0, 'hunter2\r', (key) => (key === '\r' ? '\r\n' : '*'))],
    [
      'when the answer has its words',
      [...keys(0, 'password\r', silent), event(850, 'o', 'Sorry, wrong password.\r\n')],
    ],
    ['when the answer has its few digits', [event(0, 'i', '42\r'), event(9, 'o', '\r\n42 files\r\n')]],
    [
      'when the end of it is written after the line break',
      [...keys(0, 'my-secret', silent), event(850, 'o', 'job\r\n'), ...keys(900, '-word\r', silent)].concat(
        event(1450, 'o', 'try another -word\r\n'),
      ),
    ],
    [
      'when its end is written before Enter',
      [...keys(0, 'my-secret-word', silent), event(1390, 'o', 'hint: -word '), ...keys(1400, '\r', silent)],
    ],
    ['while something else writes', keys(0, 'hunter2\r', (key) => (key === '\r' ? '\r\n' : `tick ${key === '2'}\r\n`))],
  ])('%s', async (_name, events) => {
    expect(await read(...events)).toEqual([notShown]);
  });
});
