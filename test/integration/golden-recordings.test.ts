import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../src/cli/program.ts';
import { verifyFolder } from '../../src/recording/verify/verify-folder.ts';
import { goldenNames, readGolden, summaryOf } from '../harness/golden/golden-recordings.ts';
import { openFolder } from '../oracle/folder.ts';

/** Recordings that real sessions made when version 1 was frozen. Whatever changes, they open, and say what they said. */
describe.each(goldenNames)('the golden recording of version 1: %s', (name) => {
  const { folder, identities, expected, serverKey } = readGolden(name);
  let scratch: string;
  beforeAll(() => {
    scratch = mkdtempSync(path.join(tmpdir(), 'golden-'));
    writeFileSync(path.join(scratch, 'keys'), `${Object.values(identities).join('\n')}\n`);
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  it('is what it was to the second decoder', async () => {
    expect(summaryOf(await openFolder(folder, identities, serverKey))).toEqual(expected);
  });

  it('holds for verify, with its keys and without', async () => {
    const opened = await verifyFolder(folder, { serverKey }, identities);
    expect(opened.firstBad).toBeNull();
    expect(opened).toMatchObject({ ok: true, pinned: true, ended: expected.end !== null });
    expect(await verifyFolder(folder, { serverKey })).toMatchObject({ ok: true, firstBad: null });
    // A session that outlived its record is not all there, whatever holds.
    if (name === 'best-effort') expect(opened.notWhole).toContain('may have gone on unrecorded');
  });

  it.each(['output', 'input'] as const)('gives the same bytes of %s by cat', async (stream) => {
    const bytes: Uint8Array[] = [];
    const args = ['recordings', 'cat', folder, '--identity', path.join(scratch, 'keys'), '--server-key', serverKey];
    const code = await run(stream === 'input' ? [...args, '--input'] : args, {
      variables: {},
      out: () => undefined,
      err: () => undefined,
      bytes: async (data) => void bytes.push(Buffer.from(data)),
      terminal: false,
    });
    const all = Buffer.concat(bytes);
    expect(all.length).toBe(expected[`${stream}Bytes`]);
    expect(createHash('sha256').update(all).digest('hex')).toBe(expected[`${stream}Sha256`]);
    expect(code).toBe(expected.end === null ? 3 : 0);
  });
});

/** A journal's file without what comes before its first frame of keys: what a server still has when all of that is stored. */
function tailOf(journal: Buffer): Buffer {
  const header = journal.indexOf(0x0a) + 1;
  let at = header;
  while (journal[at + 4] !== 2) at += 4 + journal.readUInt32BE(at);
  return Buffer.concat([journal.subarray(0, header), journal.subarray(at)]);
}

describe('the golden recording whose session crashed', () => {
  const { folder, identities, expected, serverKey } = readGolden('crashed');
  let copy: string;
  beforeAll(() => {
    copy = mkdtempSync(path.join(tmpdir(), 'golden-'));
    cpSync(folder, copy, { recursive: true });
    writeFileSync(path.join(copy, 'tail'), tailOf(readFileSync(path.join(folder, 'journal'))));
    rmSync(path.join(copy, 'journal'));
  });
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  it("is the same with the server's tail in place of the journal", async () => {
    const opened = await openFolder(copy, identities, serverKey);
    expect(opened.output.subarray(-30).toString()).toContain('never-sealed');
    expect(summaryOf(opened)).toEqual(expected);
    expect(await verifyFolder(copy, { serverKey }, identities)).toMatchObject({
      ok: true,
      firstBad: null,
      ended: false,
    });
  });
});
