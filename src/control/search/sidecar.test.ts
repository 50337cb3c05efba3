import { expect, test } from 'vitest';
import { ageSeal, makeAgeIdentity } from '../../recording/codecs/age.ts';
import { zstdCompress } from '../../recording/codecs/zstd.ts';
import { formatTextEntry, formatTextHeader, type TextEntry, textBytesAtMost } from '../../shared/record/text-lines.ts';
import { blocksOf, openSidecar } from './sidecar.ts';

const of = { sessionId: 's1', seq: 3 };

function makeSidecar(entries: TextEntry[], header = { session: 's1', segment: 3 }): string {
  return `${formatTextHeader(header)}${entries.map(formatTextEntry).join('')}`;
}

test('lines and commands come in blocks of their own, with their times', () => {
  const text = makeSidecar([
    { t: 5, line: '$ LS' },
    { t: 6, command: 'LS' },
    { t: 7, status: 0 },
    { t: 8, line: '  ' },
    { t: 9, line: 'a\nb', alternate: true },
    { t: 10, gap: 'too much' },
  ]);
  expect([...blocksOf(text, of)]).toEqual([
    { place: 0, kind: 'command', folded: 'ls', text: 'LS', times: '6' },
    { place: 1, kind: 'output', folded: '$ ls\na\ufffdb', text: '$ LS\na\ufffdb', times: '5 9' },
  ]);
});

test('what was told in the end has the time of its command, whose line is no line of its own', () => {
  const text = makeSidecar([
    { t: 10, command: 'ls' },
    { t: 20, command: 'exit' },
    { t: 90, line: '$ ls' },
    { t: 90, line: 'found' },
    { t: 90, line: '$ exit' },
    { t: 90, line: 'logout' },
  ]);
  expect([...blocksOf(text, of)].map(({ kind, text, times }) => [kind, text, times])).toEqual([
    ['command', 'ls\nexit', '10 20'],
    ['output', 'found\nlogout', '10 20'],
  ]);
});

test('a long text is many blocks, none much longer than one may be; a longer line is cut', () => {
  const lines = Array.from(
    { length: 500 },
    (_, index): TextEntry => ({ t: index, line: `line ${index} ${'x'.repeat(50)}` }),
  );
  const blocks = [...blocksOf(makeSidecar(lines), of)];
  expect(blocks.length).toBeGreaterThan(10);
  for (const { text, times } of blocks) {
    expect(text.length).toBeLessThan(2100);
    expect(text.split('\n').length).toBe(times.split(' ').length);
  }
  const [long] = [...blocksOf(makeSidecar([{ t: 1, line: 'y'.repeat(100_000) }]), of)];
  expect(long?.text.length).toBe(16_384);
});

test('what is no sidecar of this segment is refused', () => {
  const all = (text: string) => () => [...blocksOf(text, of)];
  for (const text of [
    '',
    '\n',
    'null\n',
    makeSidecar([], { session: 's2', segment: 3 }),
    makeSidecar([], { session: 's1', segment: 4 }),
  ])
    expect(all(text)).toThrow(expect.objectContaining({ code: 'SP-3030' }));
  for (const line of ['nonsense', '[]', '{"t":-1,"line":"x"}', '{"t":1,"line":{"a":1}}', `${'['.repeat(100_000)}`])
    expect(all(`${makeSidecar([{ t: 1, line: 'x' }])}${line}\n`)).toThrow(expect.objectContaining({ code: 'SP-3030' }));
});

test('one that would become more than a sidecar may be is not decompressed', async () => {
  const { identity, recipient } = await makeAgeIdentity();
  const seal = async (bytes: Buffer) => ageSeal(await zstdCompress(bytes, 3), [recipient]);
  const bomb = await seal(Buffer.alloc(textBytesAtMost + 1, 0x20));
  expect(bomb.length).toBeLessThan(2000);
  await expect(openSidecar(bomb, identity)).rejects.toMatchObject({ code: 'SP-3030' });
  await expect(openSidecar(Buffer.from('sealed'), identity)).rejects.toMatchObject({ code: 'SP-3030' });
  expect(await openSidecar(await seal(Buffer.from('text')), identity)).toBe('text');
});
