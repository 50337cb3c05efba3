import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { run } from '../../src/cli/program.ts';
import { firstPlace, followFrames, readHeaderPiece } from '../../src/control/recordings/tail-frames.ts';
import { problemOfAnswer } from '../../src/main/control-client/problems.ts';
import { managedPolicySchema, readManagedPolicy } from '../../src/main/identity/policy-file.ts';
import { parseAnchor } from '../../src/recording/evidence/anchor.ts';
import { readJournal } from '../../src/recording/journal/read-journal.ts';
import { parseManifest } from '../../src/recording/manifest/parse-manifest.ts';
import { publicKeyLine } from '../../src/recording/signatures/keys.ts';
import { openDocument } from '../../src/recording/signatures/signed.ts';
import { signSsh } from '../../src/recording/signatures/sshsig.ts';
import { isErrorCode } from '../../src/shared/errors/codes.ts';
import { SallyportError } from '../../src/shared/errors/result.ts';
import { applyDocumentSchema, problemDocumentSchema } from '../../src/shared/protocol/control-api.ts';
import { decodeInvite, inviteSchema } from '../../src/shared/protocol/invite.ts';
import { formatPiece, parsePiece } from '../../src/shared/protocol/journal-frames.ts';
import {
  grantPayloadSchema,
  handoverPayloadSchema,
  leasePayloadSchema,
  type Namespace,
  orderPayloadSchema,
  receiptPayloadSchema,
} from '../../src/shared/protocol/signed.ts';
import { anchorBytesAtMost, anchorSchema } from '../../src/shared/record/anchors.ts';
import { journalHeaderSchema, keysFrameSchema, keysNumber } from '../../src/shared/record/journal.ts';
import { parseKeysFrame } from '../../src/shared/record/journal-scan.ts';
import {
  type AnchorLine,
  anchorLineSchema,
  type EndLine,
  endLineSchema,
  manifestHeaderSchema,
  type ReceiptLine,
  receiptLineSchema,
  type SegmentLine,
  segmentLineSchema,
} from '../../src/shared/record/manifest.ts';
import {
  firstLine,
  formatAnchorLine,
  formatEndLine,
  formatReceiptLine,
  formatSegmentLine,
  parseAnchorLine,
  parseEndLine,
  parseReceiptLine,
  parseSegmentLine,
} from '../../src/shared/record/manifest-lines.ts';
import { markerSchema, readMarker } from '../../src/shared/record/markers.ts';
import { textEntrySchema, textHeaderSchema } from '../../src/shared/record/text-lines.ts';
import { malformed } from '../harness/malformed.ts';
import { malformedFrame, malformedInJson } from '../harness/malformed-frames.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-malformed-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What was thrown, which must be one of ours. */
function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(SallyportError);
    return (error as SallyportError).code;
  }
  return 'taken';
}

test('an invite that is none is SP-1001', () => {
  fc.assert(
    fc.property(malformedFrame(inviteSchema), (content) => {
      const text = `sallyport-${Buffer.from(content).toString('base64url')}`;
      expect(codeOf(() => decodeInvite(text))).toBe('SP-1001');
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(codeOf(() => decodeInvite(text))).toBe('SP-1001');
    }),
  );
});

describe('a document that the server signed and that is not what it should be', () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const publicKey = publicKeyLine(privateKey);
  test.each([
    ['grant@sallyport', grantPayloadSchema],
    ['lease@sallyport', leasePayloadSchema],
    ['order@sallyport', orderPayloadSchema],
    ['receipt@sallyport', receiptPayloadSchema],
    ['handover@sallyport', handoverPayloadSchema],
  ] as [Namespace, z.ZodType][])('%s is SP-1007', (namespace, schema) => {
    fc.assert(
      fc.property(malformedFrame(schema), (content) => {
        const payload = content.toString();
        const signature = signSsh({ privateKey, namespace, message: payload });
        expect(codeOf(() => openDocument({ signed: { payload, signature }, publicKey, namespace, schema }))).toBe(
          'SP-1007',
        );
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (signature) => {
        const signed = { payload: '{}', signature };
        expect(codeOf(() => openDocument({ signed, publicKey, namespace, schema }))).toBe('SP-1007');
      }),
    );
  });
});

test('a managed policy that is wrong is said to be, by its path, and never taken', async () => {
  const file = path.join(folder, 'policy.json');
  await fc.assert(
    fc.asyncProperty(malformedFrame(managedPolicySchema), async (content) => {
      writeFileSync(file, content);
      // A text that some bytes make may be a policy after all.
      await expect(readManagedPolicy(file)).rejects.toThrow(/policy file .*policy\.json/);
    }),
    { numRuns: 60 },
  );
});

test('a refusal of the server that is no problem document becomes a problem all the same, without its words', () => {
  fc.assert(
    fc.property(malformed(problemDocumentSchema), fc.integer({ min: 400, max: 599 }), (body, status) => {
      const problem = problemOfAnswer({ address: 'https://psm.example.org', status, body, clockAheadMs: null });
      expect(isErrorCode(problem.code)).toBe(true);
      expect(problem.message.length).toBeLessThan(600);
    }),
  );
});

test('a marker that is none is shown as it stands', () => {
  fc.assert(
    fc.property(malformedFrame(markerSchema), (frame) => {
      const text = frame.toString();
      expect(readMarker(text)).toEqual({ kind: 'text', text: text.slice(0, 1000) });
    }),
  );
});

test('a manifest that is none is SP-3023', () => {
  const lines = fc.array(
    fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('sallyport-recording 0', 'session "x"', 'segment', 'end')),
    {
      maxLength: 40,
    },
  );
  fc.assert(
    fc.property(lines, (all) => {
      expect(codeOf(() => parseManifest(`${all.join('\n')}\n`))).toBe('SP-3023');
    }),
  );
  for (const text of ['', '\n', `sallyport-recording 0\n${'x'.repeat(1_000_000)}\n`, '\n'.repeat(200_000)]) {
    expect(codeOf(() => parseManifest(text))).toBe('SP-3023');
  }
});

/** A line with something in it that may have no text, such as an object whose `toString` is a number. */
function textOf(format: () => string): string {
  try {
    return format();
  } catch (error) {
    if (error instanceof TypeError) return '\n';
    throw error;
  }
}

test('a manifest whose header, segments or end are not what they should be is SP-3023, or means what it says', () => {
  fc.assert(
    fc.property(malformedInJson(manifestHeaderSchema), (header) => {
      const facts = Object.entries(Object(header) as object).map(([key, value]) => `${key} ${JSON.stringify(value)}`);
      expect(codeOf(() => parseManifest(`${[firstLine, ...facts].join('\n')}\n`))).toBe('SP-3023');
    }),
  );
  fc.assert(
    fc.property(malformed(segmentLineSchema), malformed(endLineSchema), (segment, end) => {
      if (typeof segment !== 'object' || segment === null || typeof end !== 'object' || end === null) return;
      const broken = { events: {}, ...segment } as SegmentLine;
      if (typeof broken.events !== 'object' || broken.events === null) return;
      const segmentText = textOf(() => formatSegmentLine(broken));
      const parsed = parseSegmentLine(segmentText.slice(0, -1));
      expect(parsed === null || formatSegmentLine(parsed) === segmentText).toBe(true);
      const endText = textOf(() => formatEndLine(end as EndLine));
      const ending = parseEndLine(endText.slice(0, -1));
      expect(ending === null || formatEndLine(ending) === endText).toBe(true);
    }),
  );
});

test('a journal that is none is SP-3030; with a header and no frames that hold it ends there', async () => {
  const read = async (bytes: Uint8Array) => {
    try {
      return (await readJournal(bytes, {})).broke === null ? 'whole' : 'broken';
    } catch (error) {
      expect(error).toBeInstanceOf(SallyportError);
      return (error as SallyportError).code;
    }
  };
  await fc.assert(
    fc.asyncProperty(malformedFrame(journalHeaderSchema), async (header) => {
      expect(await read(Buffer.concat([Buffer.from(header), Buffer.from('\n')]))).toBe('SP-3030');
    }),
  );
  const header = {
    'sallyport-journal': 1,
    session: 'x',
    serverNonce: 'x',
    started: '2026-01-01T00:00:00.000Z',
    monotonicMs: 1,
    terminal: { cols: 80, rows: 24, term: 'xterm' },
    keys: { output: 'AAAA', input: 'AAAA' },
  };
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 100 }), async (tail) => {
      expect(await read(Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), tail]))).toBe('broken');
    }),
  );
});

test('lines of anchors and receipts mean one thing or nothing', () => {
  fc.assert(
    fc.property(malformed(anchorLineSchema), malformed(receiptLineSchema), (anchor, receipt) => {
      const anchorText = textOf(() => formatAnchorLine(Object(anchor) as AnchorLine));
      const parsed = parseAnchorLine(anchorText.slice(0, -1));
      expect(parsed === null || formatAnchorLine(parsed) === anchorText).toBe(true);
      const receiptText = textOf(() => formatReceiptLine(Object(receipt) as ReceiptLine));
      const told = parseReceiptLine(receiptText.slice(0, -1));
      expect(told === null || formatReceiptLine(told) === receiptText).toBe(true);
    }),
  );
});

test('an anchor that is none is SP-3030', () => {
  fc.assert(
    fc.property(malformedFrame(anchorSchema), (content) => {
      expect(codeOf(() => parseAnchor(Buffer.from(content)))).toBe('SP-3030');
      expect(codeOf(() => parseAnchor(Buffer.concat([Buffer.from(content), Buffer.from('\n')])))).toBe('SP-3030');
    }),
  );
  expect(codeOf(() => parseAnchor(Buffer.alloc(anchorBytesAtMost + 1, '{')))).toBe('SP-3030');
});

test('a line of a text that is none is refused', () => {
  for (const schema of [textHeaderSchema, textEntrySchema])
    fc.assert(
      fc.property(malformedInJson(schema), (value) => {
        const text = JSON.stringify(value);
        expect(text !== undefined && schema.safeParse(JSON.parse(text)).success).toBe(false);
      }),
    );
});

describe('a piece of a journal', () => {
  const framed = (body: Uint8Array) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    return Buffer.concat([length, body]);
  };

  test('that is none is no message, and one that is, is read as it was written', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (message) => {
        const piece = parsePiece(message);
        expect(piece === null || Buffer.from(formatPiece(piece)).equals(message)).toBe(true);
      }),
    );
    fc.assert(
      fc.property(fc.uuid(), fc.maxSafeNat(), fc.uint8Array({ minLength: 1 }), (sessionId, offset, bytes) => {
        const message = formatPiece({ sessionId, offset, bytes });
        expect(parsePiece(message)).toEqual({ sessionId, offset, bytes });
        message.set([0xff], 17);
        expect(parsePiece(message)).toBeNull();
      }),
    );
    expect(() => formatPiece({ sessionId: '../../etc', offset: 0, bytes: Buffer.from('x') })).toThrow(RangeError);
  });

  test('with a header that is none is refused in words', () => {
    fc.assert(
      fc.property(malformedFrame(journalHeaderSchema), (content) => {
        expect(readHeaderPiece(Buffer.concat([Buffer.from(content), Buffer.from('\n')]))).toEqual(expect.any(String));
        expect(readHeaderPiece(Buffer.from(content))).toEqual(expect.any(String));
      }),
    );
  });

  test('with frames that are none, or keys that are none, is refused in words', () => {
    const place = firstPlace(Buffer.from('header\n'));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        const followed = followFrames(place, bytes);
        const isFrame = typeof followed !== 'string';
        // Random bytes are a frame only when their length says so.
        expect(isFrame && Buffer.from(bytes).readUInt32BE(0) > bytes.length).toBe(false);
        expect(followFrames(null, bytes)).toEqual(expect.any(String));
      }),
    );
    fc.assert(
      fc.property(malformedFrame(keysFrameSchema), (content) => {
        const body = Buffer.concat([
          Buffer.from([keysNumber, 0, 0, 0, 0, 0, 0, 0, 1]),
          Buffer.from(content),
          Buffer.alloc(32),
        ]);
        expect(parseKeysFrame(body)).toBeNull();
        expect(followFrames(place, framed(body))).toEqual(expect.any(String));
        expect(followFrames(null, framed(body))).toEqual(expect.any(String));
      }),
    );
  });
});

describe('a document to apply', () => {
  async function apply(content: string | Buffer) {
    const file = path.join(folder, 'world.yaml');
    writeFileSync(file, content);
    let err = '';
    const code = await run(['--socket', path.join(folder, 'nobody.sock'), '--as', 'sanna', 'apply', file], {
      variables: {},
      out: () => undefined,
      err: (text) => {
        err += text;
      },
    });
    return { code, err };
  }

  test('that is none is SP-5007 at the command line, before anything is sent', async () => {
    const documents = malformedInJson(applyDocumentSchema).map((value) => JSON.stringify(value) ?? '');
    await fc.assert(
      fc.asyncProperty(documents, async (text) => {
        const { code, err } = await apply(text);
        expect(code).toBe(1);
        expect(err).toContain('SP-5007');
        expect(err).not.toMatch(/node_modules|\.ts:|\bat \w+ \(/);
      }),
      { numRuns: 40 },
    );
  });

  test.each([
    [
      'aliases of aliases',
      `a: &a [x]\n${Array.from({ length: 12 }, (_, at) => `b${at}: &b${at} [${Array(9).fill(at === 0 ? '*a' : `*b${at - 1}`)}]`).join('\n')}\n`,
    ],
    ['deep nesting', '['.repeat(3000)],
    ['bytes', Buffer.from([0xff, 0xfe, 0x00, 0x80])],
    ['a tag', '!!js/function "function () {}"'],
    ['an unknown alias', 'organisation: *nobody\n'],
    ['a circle', 'organisation: &a\n  name: *a\n'],
    ['two documents', '---\na: 1\n---\nb: 2\n'],
  ])('%s is refused in words', async (_name, content) => {
    const { code, err } = await apply(content);
    expect(code).toBe(1);
    const named = /SP-\d{4}/.exec(err)?.[0];
    expect(isErrorCode(named), err).toBe(true);
    expect(named).toBe('SP-5007');
  });
});
