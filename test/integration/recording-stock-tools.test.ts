import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildSession } from '../harness/session/session-world.ts';
import { openFolder } from '../oracle/folder.ts';
import { completeFolder, startWholeWorld, unlockAll, type WholeWorld } from './live-world/whole-recording.ts';

/** The commands of the page, by the heading they stand under. Those before the first heading are for all. */
function commandsOfPage(): { prelude: string; steps: [string, string][] } {
  const page = readFileSync(resolve(import.meta.dirname, '../../docs/verify-with-stock-tools.md'), 'utf8');
  const blocks = (text: string) => [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
  const [first = '', ...sections] = page.split(/^## /m);
  const steps = sections.flatMap((section) =>
    blocks(section).map((block, at): [string, string] => [
      `${section.slice(0, section.indexOf('\n'))} ${at + 1}`,
      block,
    ]),
  );
  return { prelude: blocks(first).join('\n'), steps };
}

const { prelude, steps } = commandsOfPage();
const has = (line: string) => steps.findIndex(([, block]) => block.includes(line));

/** Runs one step in a folder with programs that are not ours; throws when it does not hold. */
function run(folder: string, block: string): string {
  return execFileSync('bash', ['-c', `${prelude}\n${block}`], {
    cwd: folder,
    stdio: 'pipe',
    maxBuffer: 1 << 28,
  }).toString('utf8');
}

/** A byte of a file, turned over. */
function flip(folder: string, name: string, at = 100): void {
  const bytes = readFileSync(join(folder, name));
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(join(folder, name), bytes);
}

function change(folder: string, name: string, from: string | RegExp, to: string): void {
  const text = readFileSync(join(folder, name), 'utf8');
  expect(text).toMatch(from);
  writeFileSync(join(folder, name), text.replace(from, to));
}

let whole: WholeWorld;
let folder: string;
let identities: Record<'output' | 'input' | 'text', string>;
beforeAll(async () => {
  buildSession();
  // The target exchanges keys by itself as well: those exchanges are anchors, too.
  whole = await startWholeWorld(['RekeyLimit 300K']);
  const session = await whole.session();
  folder = session.folder;
  await session.sees(/[$#] /);
  session.type(
    "PS1='> '; printf 'gr\\303\\274\\303\\237e \\377\\303\\050 \\364\\217\\270\\201 \\033[1mbold\\033[0m\\n'; echo first''-line\r",
  );
  await session.sees(/first-line/);
  // Enough for a segment to close while the session runs, whose anchor names the manifest.
  session.type('seq 70000 | tail -c 320000; echo "all"-"lines"\r');
  await session.sees(/all-lines/);
  await session.says('sealed', ({ stream, seq }) => stream === 'anchor' && seq > 0);
  await session.store();
  session.resize(100, 30);
  session.type('stty size; exit 3\r');
  expect(await session.ended()).toMatchObject({ reason: { kind: 'exit', status: 3 }, complete: true });
  await session.store();
  expect(await completeFolder(whole.device, session)).toEqual({ wire: true });
  identities = await unlockAll(whole.reviewer, session.sessionId);
  writeFileSync(join(folder, 'server.pub'), `${whole.device.serverKey}\n`);
  writeFileSync(join(folder, 'output.key'), `${identities.output}\n`);
  writeFileSync(join(folder, 'input.key'), `${identities.input}\n`);
});
afterAll(() => whole?.stop());

describe('a real recording, by the page and stock tools', () => {
  it.each(steps)('%s', (_name, block) => {
    run(folder, block);
  });

  it('gives the bytes that the second decoder reads', async () => {
    const opened = await openFolder(
      folder,
      { output: identities.output, input: identities.input },
      whole.device.serverKey,
    );
    expect(readFileSync(join(folder, 'output.bytes')).equals(opened.output)).toBe(true);
    expect(readFileSync(join(folder, 'input.bytes')).equals(opened.input)).toBe(true);
    expect(opened.output.includes(Buffer.from([0xff, 0xc3, 0x28]))).toBe(true);
    expect(readFileSync(join(folder, 'output.cast'), 'utf8')).toBe(opened.cast.output);
  });

  it('is anchored with wire, receipts and their heads, and all of it holds for the second decoder', async () => {
    const opened = await openFolder(folder, identities, whole.device.serverKey);
    const { anchors, opened: secrets, receipts, heads, wire } = opened.evidence;
    expect([secrets, receipts, heads]).toEqual([anchors, 2, 4]);
    const starters = opened.manifest.anchors.map(
      ({ file }) => JSON.parse(readFileSync(join(folder, file), 'utf8')).startedBy,
    );
    expect(new Set(starters)).toEqual(new Set(['launcher', 'target']));
    expect(opened.manifest.anchors.map(({ subject }) => subject)).toEqual(expect.arrayContaining(['grant', 'head']));
    expect(opened.manifest.receipts.length).toBe(1);
    expect(wire?.toTarget.data.equals(opened.input)).toBe(true);
    expect(wire?.fromTarget.data.equals(opened.output)).toBe(true);
    expect(opened.text.join('')).toContain('first-line');
  });

  it('keeps each stream under a key of its own', () => {
    expect(() => run(folder, 'age -d -i output.key 000000.input.cast.zst.age')).toThrow();
    expect(() => run(folder, 'age -d -i input.key 000000.cast.zst.age')).toThrow();
    expect(() => run(folder, 'age -d -i output.key 000000.text.zst.age')).toThrow();
  });
});

describe('the commands of the page find', () => {
  const damages: [string, number, (folder: string) => void][] = [
    ['another grant', has('-n grant@sallyport'), (where) => change(where, 'grant.json', 'jonas', 'jonaz')],
    ['another server', has('-n grant@sallyport'), (where) => change(where, 'server.pub', /AAAAI..../, 'AAAAIAAAA')],
    [
      'a changed manifest',
      has('-n recording@sallyport'),
      (where) => change(where, 'manifest', /^ticket null/m, 'ticket "1"'),
    ],
    ['a changed segment', has('sha256sum -c'), (where) => flip(where, '000000.cast.zst.age', 250)],
    ['a changed anchor', has('sha256sum -c'), (where) => flip(where, '000000.anchor')],
    [
      'a line that was changed',
      has('does not follow'),
      (where) => change(where, 'manifest', / \d+ (\d+) o:/, ' 1 $1 o:'),
    ],
    ['a changed receipt', has('-n receipt@sallyport'), (where) => change(where, 'receipts.json', 'lines', 'linez')],
    ['a changed wire', has('-n receipt@sallyport'), (where) => flip(where, 'wire.from-target', 2000)],
    [
      'an anchor of another signature',
      has('pkeyutl'),
      (where) => change(where, '000000.anchor', /("signature":"A.{40})./, '$1_'),
    ],
    [
      'an anchor of another hash',
      has('pkeyutl'),
      (where) => change(where, '000000.anchor', /"exchangeHash":"...../, '"exchangeHash":"AAAAA'),
    ],
    [
      'an anchor that carries something else',
      has('pkeyutl'),
      (where) => change(where, 'manifest', /^login ".*"$/m, 'login "other"'),
    ],
    [
      'an exchange that was not signed',
      has('.secret'),
      (where) => change(where, '000000.anchor', /"clientShare":"...../, '"clientShare":"AAAAA'),
    ],
  ];
  it.each(damages)('%s', (_name, step, damage) => {
    const copy = mkdtempSync(join(tmpdir(), 'stock-'));
    cpSync(folder, copy, { recursive: true });
    damage(copy);
    expect(() => run(copy, steps[step]?.[1] ?? '')).toThrow();
  });
});
