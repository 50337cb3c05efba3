import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { run } from '../../src/cli/program.ts';
import { problemOfAnswer } from '../../src/main/control-client/problems.ts';
import { managedPolicySchema, readManagedPolicy } from '../../src/main/identity/policy-file.ts';
import { readJournal } from '../../src/recording/journal/read-journal.ts';
import { parseManifest } from '../../src/recording/manifest/parse-manifest.ts';
import { publicKeyLine } from '../../src/recording/signatures/keys.ts';
import { openDocument } from '../../src/recording/signatures/signed.ts';
import { signSsh } from '../../src/recording/signatures/sshsig.ts';
import { isErrorCode } from '../../src/shared/errors/codes.ts';
import { SallyportError } from '../../src/shared/errors/result.ts';
import { applyDocumentSchema, problemDocumentSchema } from '../../src/shared/protocol/control-api.ts';
import { decodeInvite, inviteSchema } from '../../src/shared/protocol/invite.ts';
import {
  grantPayloadSchema,
  handoverPayloadSchema,
  leasePayloadSchema,
  type Namespace,
  orderPayloadSchema,
  receiptPayloadSchema,
} from '../../src/shared/protocol/signed.ts';
import { journalHeaderSchema } from '../../src/shared/record/journal.ts';
import {
  type EndLine,
  endLineSchema,
  manifestHeaderSchema,
  type SegmentLine,
  segmentLineSchema,
} from '../../src/shared/record/manifest.ts';
import {
  firstLine,
  formatEndLine,
  formatSegmentLine,
  parseEndLine,
  parseSegmentLine,
} from '../../src/shared/record/manifest-lines.ts';
import { markerSchema, readMarker } from '../../src/shared/record/markers.ts';
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
    'sallyport-journal': 0,
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
