import fc from 'fast-check';
import type { z } from 'zod';

/**
 * Values that are not what a schema says, made from the schema itself: a value that fits, with one thing wrong in it. And values that do fit, but hold
 * what a careless receiver stumbles over.
 */
type Def = { type: string } & Record<string, unknown>;

function defOf(schema: z.ZodType): Def {
  return schema._zod.def as unknown as Def;
}

/** What the checks of a string ask of it. */
function stringFor(schema: z.ZodType): fc.Arbitrary<string> {
  const def = defOf(schema);
  const formats: Record<string, fc.Arbitrary<string>> = {
    uuid: fc.uuid(),
    url: fc.constantFrom('https://psm.example.org:8443', 'https://127.0.0.1:1'),
    base64: fc.uint8Array({ maxLength: 40 }).map((bytes) => btoa(String.fromCharCode(...bytes))),
  };
  const checks = (def.checks ?? []) as { _zod: { def: Record<string, unknown> } }[];
  let made = formats[String(def.format)] ?? fc.string({ minLength: 1, maxLength: 30 });
  for (const { _zod } of checks) {
    if (_zod.def.pattern instanceof RegExp && _zod.def.format === 'regex') made = fc.stringMatching(_zod.def.pattern);
    if (typeof _zod.def.prefix === 'string') {
      const prefix = _zod.def.prefix;
      made = made.map((text) => (text.startsWith(prefix) ? text : prefix + text));
    }
  }
  return made;
}

/** Arbitrary values that fit, by and large; whoever needs certainty parses them. */
export function fitting(schema: z.ZodType): fc.Arbitrary<unknown> {
  const def = defOf(schema);
  const inner = () => fitting(def.innerType as z.ZodType);
  switch (def.type) {
    case 'object':
      return fc.record(
        Object.fromEntries(
          Object.entries(def.shape as Record<string, z.ZodType>).map(([key, of]) => [key, fitting(of)]),
        ),
      );
    case 'string':
      return stringFor(schema);
    case 'number':
      return fc.integer({ min: 1, max: 60_000 });
    case 'int':
      return fc.integer({ min: 0, max: 60_000 });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'literal':
      return fc.constantFrom(...(def.values as unknown[]));
    case 'enum':
      return fc.constantFrom(...Object.values(def.entries as Record<string, unknown>));
    case 'array':
      return fc.array(fitting(def.element as z.ZodType), { minLength: 1, maxLength: 2 });
    case 'tuple':
      return fc.tuple(...(def.items as z.ZodType[]).map(fitting));
    case 'record':
      return fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), fitting(def.valueType as z.ZodType), {
        maxKeys: 2,
      });
    case 'union':
      return fc.oneof(...(def.options as z.ZodType[]).map(fitting));
    case 'nullable':
      return fc.option(inner());
    case 'optional':
    case 'default':
    case 'prefault':
    case 'readonly':
      return inner();
    case 'pipe':
      return fitting(def.in as z.ZodType);
    case 'custom':
      // The only class that travels is bytes.
      return fc.uint8Array({ maxLength: 64 });
    case 'unknown':
    case 'any':
      return fc.jsonValue({ maxDepth: 2 });
    default:
      throw new Error(`no values are made for schemas of kind ${def.type}: teach test/harness/malformed.ts`);
  }
}

export type Path = (string | number)[];

/** Every place in a value, the whole included. */
function placesIn(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return [at];
  return [at, ...Object.entries(value).flatMap(([key, item]) => placesIn(item, [...at, key]))];
}

const dropped = Symbol('dropped');

function changed(value: unknown, at: Path, to: unknown): unknown {
  const [key, ...rest] = at;
  if (key === undefined) return to;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string | number, unknown>;
  const next = rest.length === 0 ? to : changed(copy[key], rest, to);
  if (next === dropped) delete copy[key];
  else copy[key] = next;
  return copy;
}

function nested(depth: number): unknown {
  let value: unknown = 'deep';
  for (let at = 0; at < depth; at += 1) value = at % 2 === 0 ? [value] : { a: value };
  return value;
}

/** What is put where something else belongs. JSON cannot carry all of them: see `malformedText`. */
const wrong: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown[]>(
    null,
    true,
    0,
    -1,
    1.5,
    1e308,
    -1e308,
    Number.MAX_SAFE_INTEGER + 2,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '',
    'x',
    'constructor',
    '__proto__',
    [],
    [[]],
    {},
    { type: 'constructor' },
    dropped,
    undefined,
  ),
  fc.constant('x'.repeat(200_000)),
  fc.constant(nested(2000)),
  fc.jsonValue({ maxDepth: 2 }),
);

/** Texts that fit wherever any text does. */
const nasty = fc.constantFrom(
  '\u0000',
  'a\u0000b',
  '\ud800',
  '__proto__',
  'constructor',
  '../../etc/passwd',
  '%00%2e%2e%2f',
  '\u001b]52;c;aGk=\u0007\u001b[2J',
  'line\r\nline\u2028line\u202e',
  "'; drop table people; --",
  '<img src=x onerror=alert(1)>',
  '{{constructor.constructor("return 1")()}}',
  'ﷺ'.repeat(1000),
);

/** A value that the schema refuses. */
export function malformed(schema: z.ZodType): fc.Arbitrary<unknown> {
  return fc
    .tuple(fitting(schema), fc.nat(), wrong)
    .map(([value, pick, bad]) => {
      const places = placesIn(value);
      const at = places[pick % places.length] ?? [];
      // The whole value cannot be left out, only be something else.
      return changed(value, at, bad === dropped && at.length === 0 ? undefined : bad);
    })
    .filter((value) => !schema.safeParse(value).success);
}

/** A value that the schema takes and that holds something nasty in one of its texts, where one of them may. */
export function nastyFor(schema: z.ZodType): fc.Arbitrary<unknown> {
  return fc.tuple(fitting(schema), fc.nat(), nasty).map(([value, pick, bad]) => {
    const texts = placesIn(value).filter((at) => typeof at.reduce<unknown>(into, value) === 'string');
    const at = texts[pick % Math.max(1, texts.length)];
    const next = at === undefined ? value : changed(value, at, bad);
    return schema.safeParse(next).success ? next : value;
  });
}

function into(value: unknown, key: string | number): unknown {
  return (value as Record<string | number, unknown>)[key];
}
