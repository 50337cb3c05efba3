import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anchorFile } from './anchors.ts';
import { eventCodes } from './events.ts';
import { endKindSchema, manifestHeaderSchema } from './manifest.ts';
import {
  formatAnchorLine,
  formatEndLine,
  formatReceiptLine,
  formatSegmentLine,
  headerKeys,
  parseAnchorLine,
  parseEndLine,
  parseHeaderLine,
  parseReceiptLine,
  parseSegmentLine,
} from './manifest-lines.ts';
import { closeReasons, segmentFile } from './segments.ts';

const digest = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'));
const count = fc.oneof(fc.nat(9), fc.maxSafeNat());
const seq = fc.nat(2_000_000);
const at = fc
  .date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-12-31') })
  .map((date) => date.toISOString());

const segment = fc
  .record({
    stream: fc.constantFrom('output', 'input', 'text'),
    seq,
    sha256: digest,
    bytes: count,
    t0: count,
    t1: count,
    events: fc.dictionary(fc.constantFrom(...eventCodes), fc.integer({ min: 1, max: 1_000_000 })),
    frames: count,
    previous: digest,
    why: fc.constantFrom(...closeReasons),
  })
  .map((line) => ({ ...line, events: { ...line.events }, file: segmentFile(line.stream, line.seq) }));
const anchor = fc
  .record({
    seq,
    sha256: digest,
    bytes: count,
    at: count,
    subject: fc.constantFrom('grant', 'head'),
    lines: count,
    previous: digest,
  })
  .map((line) => ({ ...line, file: anchorFile(line.seq) }));
const receipt = fc.record({ lines: count, sha256: digest, previous: digest });
const end = fc.record({
  previous: digest,
  outputBytes: count,
  outputSegments: count,
  inputBytes: count,
  inputSegments: count,
  textSegments: count,
  anchors: count,
  frames: count,
  chain: digest,
  at,
  kind: fc.constantFrom(...endKindSchema.options),
  // Words of a person or a target are in it: line feeds, quotes, anything.
  reason: fc.string({ unit: 'grapheme' }),
});

/** A parser takes exactly what its formatter gives: what is changed in one character means something else, or nothing. */
function holds<T>(lines: fc.Arbitrary<T>, format: (line: T) => string, parse: (text: string) => T | null): void {
  fc.assert(
    fc.property(lines, fc.nat(), fc.integer({ min: 32, max: 126 }), (line, place, code) => {
      const text = format(line);
      expect(text.indexOf('\n')).toBe(text.length - 1);
      const bare = text.slice(0, -1);
      expect(parse(bare)).toEqual(line);
      const at = place % bare.length;
      const changed = bare.slice(0, at) + String.fromCharCode(code) + bare.slice(at + 1);
      const other = parse(changed);
      if (changed !== bare) expect(other).not.toEqual(line);
      if (other !== null) expect(format(other)).toBe(`${changed}\n`);
      for (const worse of [` ${bare}`, `${bare} `, `${bare}\r`, bare.slice(0, -1), bare.replace(' ', '  ')])
        expect(parse(worse) === null || worse === changed || format(parse(worse) as T) === `${worse}\n`).toBe(true);
      expect(parse(`${bare} `)).toBeNull();
    }),
    { numRuns: 300 },
  );
}

describe('the lines of a manifest have exactly one form', () => {
  it('of a segment', () => holds(segment, formatSegmentLine, parseSegmentLine));
  it('of an anchor', () => holds(anchor, formatAnchorLine, parseAnchorLine));
  it('of a receipt', () => holds(receipt, formatReceiptLine, parseReceiptLine));
  it('of the end', () => holds(end, formatEndLine, parseEndLine));

  it('and no line is of two kinds', () => {
    const all = fc.oneof(
      segment.map(formatSegmentLine),
      anchor.map(formatAnchorLine),
      receipt.map(formatReceiptLine),
      end.map(formatEndLine),
    );
    fc.assert(
      fc.property(all, (text) => {
        const bare = text.slice(0, -1);
        const readers = [parseSegmentLine, parseAnchorLine, parseReceiptLine, parseEndLine];
        expect(readers.filter((parse) => parse(bare) !== null)).toHaveLength(1);
      }),
    );
  });

  it('numbers with zeros in front, signs, exponents or words are refused', () => {
    const hash = 'ab'.repeat(32);
    for (const number of ['01', '+1', '-1', '1e3', '0x1', '1.0', '', 'NaN', '9007199254740993', '\u0661'])
      expect([number, parseReceiptLine(`receipt ${number} ${hash} ${hash}`)]).toEqual([number, null]);
  });
});

describe('the lines of the header', () => {
  it.each(headerKeys)('%s is not read from the line of another key, nor with a space more', (key) => {
    const value = { login: 'root', host: 'x' };
    for (const other of headerKeys.filter((name) => name !== key))
      expect(parseHeaderLine(key, `${other} ${JSON.stringify(value)}`)).toBeUndefined();
    expect(parseHeaderLine(key, `${key}  "x"`)).toBeUndefined();
    expect(parseHeaderLine(key, `${key} "x" `)).toBeUndefined();
  });

  it('hold any text, in one line', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
        (text) => {
          const line = `reason ${JSON.stringify(text)}`;
          expect(line).not.toContain('\n');
          expect(parseHeaderLine('reason', line)).toBe(text);
          expect(manifestHeaderSchema.shape.reason.parse(text)).toBe(text);
        },
      ),
    );
  });
});
