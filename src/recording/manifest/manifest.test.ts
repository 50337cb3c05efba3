import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ManifestHeader } from '../../shared/record/manifest.ts';
import { headerLines } from '../../shared/record/manifest-lines.ts';
import { checkExtends } from './check-extends.ts';
import { ManifestWriter } from './manifest-writer.ts';
import { parseManifest } from './parse-manifest.ts';

const digest = 'ab'.repeat(32);

function makeHeader(changes: Partial<ManifestHeader> = {}): ManifestHeader {
  return {
    session: '6a2f41b8-7f4e-4a54-9d62-0f3b8a4fd001',
    'server-nonce': 'bm9uY2U',
    user: { id: 'mira', name: 'Mira Okafor' },
    device: { id: 'device-1', name: 'laptop' },
    'device-key': 'ecdsa-sha2-nistp256 AAAA',
    'session-key': 'ssh-ed25519 AAAA',
    'session-key-certificate': '-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n',
    grant: digest,
    target: { id: 't1', name: 'web-1', host: '10.0.0.4', port: 22 },
    login: 'deploy',
    command: null,
    route: 'relay',
    reason: 'disk full\nsegment output 0',
    ticket: null,
    'host-keys': ['SHA256:abc'],
    started: '2026-11-24T08:00:00.000Z',
    'monotonic-ms': 1234.5,
    terminal: { cols: 80, rows: 24, term: 'xterm-256color' },
    engine: { name: 'xterm.js', version: '6.0.0', widths: 'unicode-11' },
    software: 'sallyport 0.1.0',
    codec: { events: 'asciicast-3', compression: 'zstd', encryption: 'age' },
    evidence: { anchors: true, wire: true },
    mode: 'strict',
    recipients: { output: ['age1a'], input: ['age1b'], text: ['age1c'] },
    journal: digest,
    ...changes,
  };
}

function makeManifest(end = true, changes: Partial<ManifestHeader> = {}): string {
  const writer = new ManifestWriter(makeHeader(changes));
  const common = { sha256: digest, bytes: 100, why: 'size' } as const;
  writer.segment({
    ...common,
    stream: 'output',
    seq: 0,
    file: '000000.cast.zst.age',
    t0: 0,
    t1: 90,
    events: { o: 3, r: 1 },
    frames: 4,
  });
  writer.segment({
    ...common,
    stream: 'input',
    seq: 0,
    file: '000000.input.cast.zst.age',
    t0: 5,
    t1: 80,
    events: { i: 9 },
    frames: 9,
  });
  writer.segment({
    ...common,
    stream: 'output',
    seq: 1,
    file: '000001.cast.zst.age',
    t0: 90,
    t1: 95,
    events: { x: 1 },
    frames: 5,
  });
  if (end) {
    const counts = {
      outputBytes: 10,
      outputSegments: 2,
      inputBytes: 9,
      inputSegments: 1,
      textSegments: 0,
      anchors: 0,
      frames: 14,
    };
    writer.end({ ...counts, chain: digest, at: '2026-11-24T08:01:00.000Z', kind: 'exit', reason: 'exit 0' });
  }
  return writer.text;
}

describe('a manifest', () => {
  it('says what was written', () => {
    const text = makeManifest();
    const manifest = parseManifest(text);
    expect(manifest.header).toEqual(makeHeader());
    expect(manifest.segments.map((line) => [line.stream, line.seq, line.events])).toEqual([
      ['output', 0, { o: 3, r: 1 }],
      ['input', 0, { i: 9 }],
      ['output', 1, { x: 1 }],
    ]);
    expect(manifest.end).toMatchObject({ kind: 'exit', reason: 'exit 0', outputBytes: 10 });
    expect(manifest.lines).toBe(headerLines + 4);
    expect(manifest.heads[manifest.lines]).toBe(createHash('sha256').update(text).digest('hex'));
  });

  it('is refused with the line when any character before the last line is changed', () => {
    const text = makeManifest();
    const until = text.lastIndexOf('\nend ');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: until }), fc.integer({ min: 32, max: 126 }), (at, code) => {
        fc.pre(text.charCodeAt(at) !== code);
        const changed = text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1);
        expect(() => parseManifest(changed)).toThrow(/Line \d+ of the manifest/);
      }),
    );
  });

  it('is refused when a line is removed, doubled, moved, or cut', () => {
    const lines = makeManifest().split('\n').slice(0, -1);
    const join = (parts: string[]) => `${parts.join('\n')}\n`;
    for (let at = 0; at < lines.length - 1; at += 1) {
      expect(() => parseManifest(join(lines.toSpliced(at, 1)))).toThrow(/Line/);
      expect(() => parseManifest(join(lines.toSpliced(at, 0, lines[at]!)))).toThrow(/Line/);
      expect(() => parseManifest(join(lines.toSpliced(at, 2, lines[at + 1]!, lines[at]!)))).toThrow(/Line/);
    }
    expect(() => parseManifest(join(lines).slice(0, -1))).toThrow(/cut short/);
    expect(() => parseManifest(`${join(lines)}${lines.at(-1)}\n`)).toThrow(/after the end/);
    expect(() => parseManifest(join(lines.toSpliced(0, 1, 'sallyport-recording 9')))).toThrow(/version 9/);
  });

  it('is refused when its first anchor is not that of the grant', () => {
    const writer = new ManifestWriter(makeHeader());
    const anchor = { seq: 0, file: '000000.anchor', sha256: 'a'.repeat(64), bytes: 10, at: 5 };
    writer.anchor({ ...anchor, subject: 'head', lines: headerLines });
    expect(() => parseManifest(writer.text)).toThrow(/is the first anchor and not that of the grant/);
    const granted = new ManifestWriter(makeHeader());
    granted.anchor({ ...anchor, subject: 'grant', lines: 0 });
    expect(parseManifest(granted.text).anchors).toHaveLength(1);
  });

  it('extends another only by whole lines after it, and never after the end', () => {
    const open = parseManifest(makeManifest(false));
    const ended = parseManifest(makeManifest());
    expect(() => checkExtends(open, ended)).not.toThrow();
    expect(() => checkExtends(ended, ended)).not.toThrow();
    expect(() => checkExtends(ended, open)).toThrow(expect.objectContaining({ code: 'SP-3024' }));
    for (const isEnded of [true, false]) {
      const other = parseManifest(makeManifest(isEnded, { login: 'root' }));
      expect(() => checkExtends(open, other)).toThrow(
        expect.objectContaining({ code: 'SP-3023', facts: { line: '11' } }),
      );
    }
    const shorter = new ManifestWriter(makeHeader());
    expect(() => checkExtends(open, parseManifest(shorter.text))).toThrow(expect.objectContaining({ code: 'SP-3023' }));
  });
});
