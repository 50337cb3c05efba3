import fc from 'fast-check';
import type { z } from 'zod';
import { fitting, malformed } from './malformed.ts';

/**
 * A value that the schema refuses also as it comes out of JSON, which has no word for `undefined`, NaN and infinities: as a member the first is left out and
 * the others become null, and that may fit.
 */
export function malformedInJson(schema: z.ZodType): fc.Arbitrary<unknown> {
  return malformed(schema).filter((value) => {
    const text = JSON.stringify(value);
    return text === undefined || !schema.safeParse(JSON.parse(text)).success;
  });
}

/** Text or bytes of a frame or a body that is not JSON of what the schema says. */
export function malformedFrame(schema: z.ZodType): fc.Arbitrary<string | Buffer> {
  const whole = fitting(schema)
    .filter((value) => schema.safeParse(value).success)
    .map((value) => JSON.stringify(value) ?? 'null');
  return fc.oneof(
    { weight: 6, arbitrary: malformedInJson(schema).map((value) => JSON.stringify(value) ?? '') },
    // Cut short, doubled, with a tail, with what is not JSON in it.
    fc.tuple(whole, fc.nat()).map(([text, at]) => text.slice(0, at % Math.max(1, text.length - 1))),
    whole.map((text) => `${text}${text}`),
    whole.map((text) => `${text}\u0000`),
    whole.map((text) => text.replace('{', '{"__proto__":{"polluted":true},').slice(0, -1)),
    fc.constantFrom('', ' ', '[', 'NaN', '{"type":NaN}', 'undefined', '"', "{'a':1}", '\ufeff{}'),
    fc.constant('['.repeat(60_000)),
    // Invalid UTF-8, and bytes.
    fc.constant(Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d])),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  );
}
